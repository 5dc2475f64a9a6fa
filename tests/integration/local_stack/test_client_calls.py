"""What the client libraries make of Storage's addresses and names, and of what the local stack lacks."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from supabase import AsyncClientOptions, acreate_client

from gateway.local.bootstrap import deno_command
from tests.support.stack import Process, Stack
from tests.support.waiting import PATIENCE_S


def test_supabase_js(stack: Stack, api: Process) -> None:
    environment = {
        **api.service.environment,
        "SUPABASE_URL": stack.supabase_url,
        "PUBLISHABLE_KEY": stack.keys.publishable_key,
        "SECRET_KEY": stack.keys.secret_key,
    }
    command = deno_command(Path(__file__).with_name("client_calls.ts"), "-A")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    status, reason = seen.pop("realtime")
    assert status == "CHANNEL_ERROR"
    assert "does not offer Realtime" in reason
    assert seen == {
        "signed": ["hello", "attachment; filename*=UTF-8''b.txt"],
        "many": ["hello", "Either the object does not exist or you do not have access to it"],
        "uploaded": ["calls/folder/b.txt", "later"],
        "forged": "StorageApiError",
        "copied": "calls/folder/c.txt",
        "moved": None,
        "listed": ["a file.txt", "b.txt"],
        "root": [["folder", True], ["d.txt", False]],
        "exists": [True, False],
        "wholeTable": ["21000", "DELETE requires a WHERE clause"],
        "twice": [],
        "sso": 501,
        "phone": 501,
        "invited": 501,
        "graphql": 501,
    }


@pytest.mark.anyio
async def test_realtime_of_supabase_py_says_that_it_is_missing(stack: Stack, api: Process) -> None:
    options = AsyncClientOptions(auto_refresh_token=False, persist_session=False)
    client = await acreate_client(stack.supabase_url, stack.keys.publishable_key, options)
    heard: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()

    def listen(status: Any, error: Exception | None) -> None:
        if not heard.done():
            heard.set_result((str(status), str(error)))

    await client.channel("anything").subscribe(listen)
    status, reason = await asyncio.wait_for(heard, PATIENCE_S)
    await client.remove_all_channels()
    await client.realtime.close()
    assert status.endswith("CHANNEL_ERROR")
    assert "does not offer Realtime" in reason
