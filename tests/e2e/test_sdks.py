"""Both client libraries, from sign-up to a document found by its meaning, and not found by a stranger."""

import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from postgrest import APIError
from supabase import Client, create_client
from supabase.lib.client_options import SyncClientOptions

from gateway.local.bootstrap import deno_command
from gateway.local.paths import REPOSITORY
from tests.support import wait_until

TITLE = "Calming the hives"
CONTENT = "Puff cool smoke at the entrance three times, wait a minute, then lift the lid slowly and stand aside."
QUESTION = "how to keep honey bees peaceful during an inspection"


_connections = ExitStack()


@pytest.fixture(autouse=True)
def close_connections() -> Iterator[None]:
    """Close what `connect` opened for a test."""
    with _connections:
        yield


def connect(project: Mapping[str, str], key: str = "SUPABASE_PUBLISHABLE_KEY") -> Client:
    # An HTTP client of our own: the library warns about the parameters with which it would make one.
    options = SyncClientOptions(httpx_client=_connections.enter_context(httpx.Client(timeout=60)))
    return create_client(project["SUPABASE_URL"], project[key], options)


def sign_up(project: Mapping[str, str]) -> Client:
    client = connect(project)
    email = f"{secrets.token_hex(6)}@tidegate.example"
    session = client.auth.sign_up({"email": email, "password": "correct horse battery"}).session
    assert session is not None, "the project must confirm e-mail addresses by itself for this test"
    return client


def search(project: Mapping[str, str], client: Client | None, query: str, **body: Any) -> dict[str, Any]:
    session = client.auth.get_session() if client else None
    headers = {"Authorization": f"Bearer {session.access_token}"} if session else {}
    response = httpx.post(
        f"{project['GATEWAY_URL']}/v1/search", json={"query": query, **body}, headers=headers, timeout=60
    )
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def titles(answer: Mapping[str, Any]) -> list[str]:
    return [result["title"] for result in answer["results"]]


def test_supabase_py_inserts_a_document_and_finds_it_by_meaning(project: dict[str, str]) -> None:
    author, stranger = sign_up(project), sign_up(project)
    row: Any = author.table("documents").insert({"title": TITLE, "content": CONTENT, "metadata": {"room": 4}}).execute()
    document = row.data[0]["id"]
    assert row.data[0]["status"] == "pending"

    def is_ready() -> bool:
        found: Any = author.table("documents").select("status").eq("id", document).single().execute().data
        return bool(found["status"] == "ready")

    wait_until(is_ready, "the document being embedded", every_s=0.1)
    for mode in ("semantic", "hybrid"):
        answer = search(project, author, QUESTION, mode=mode)
        best = answer["results"][0]
        assert (best["document_id"], best["title"], best["metadata"]) == (document, TITLE, {"room": 4})
        assert answer["mode"] == mode
        assert answer["complete"] is True
        assert answer["degraded"] is False
        for outsider in (stranger, None):
            assert TITLE not in titles(search(project, outsider, QUESTION, mode=mode, limit=100))
    assert stranger.table("documents").select("id").eq("id", document).execute().data == []

    with pytest.raises(APIError, match="cannot be made public"):
        author.table("documents").update({"visibility": "public"}).eq("id", document).execute()
    founding = {"name": "Hives", "slug": f"h-{secrets.token_hex(6)}"}
    made: Any = author.table("organizations").insert(founding).execute().data
    organization = made[0]["id"]
    change = {"visibility": "public", "organization_id": organization}
    with pytest.raises(APIError, match="may not publish"):
        author.table("documents").update(change).eq("id", document).execute()
    administrator = connect(project, "SUPABASE_SECRET_KEY")
    administrator.table("organizations").update({"may_publish": True}).eq("id", organization).execute()
    author.table("documents").update(change).eq("id", document).execute()
    assert titles(search(project, None, QUESTION))[0] == TITLE
    administrator.table("organizations").update({"may_publish": False}).eq("id", organization).execute()
    assert TITLE not in titles(search(project, None, QUESTION, limit=100))
    assert titles(search(project, author, QUESTION))[0] == TITLE
    author.table("documents").delete().eq("id", document).execute()
    author.table("organizations").delete().eq("id", organization).execute()
    assert TITLE not in titles(search(project, author, QUESTION, limit=100))


def test_supabase_js_inserts_a_document_and_finds_it_by_meaning(project: dict[str, str]) -> None:
    script = REPOSITORY / "tests" / "e2e" / "supabase_js.ts"
    run = subprocess.run(
        deno_command(script, "-A"),
        env={**os.environ, **project, "TITLE": TITLE, "CONTENT": CONTENT, "QUESTION": QUESTION},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1] == "found by its author, not by a stranger, not by a visitor"


def test_the_demo_accounts_are_who_they_are_said_to_be(project: dict[str, str]) -> None:
    """Seeded projects only: the demo people exist, and each sees their own organization's documents."""
    seen: dict[str, set[str]] = {}
    for person in ("OWNER", "MEMBER", "OUTSIDER", "STAFF"):
        client = connect(project)
        client.auth.sign_in_with_password(
            {"email": project[f"DEMO_{person}_EMAIL"], "password": project["DEMO_PASSWORD"]}
        )
        rows: Any = client.table("documents").select("title").execute().data
        seen[person] = {row["title"] for row in rows}
    assert seen["STAFF"] < seen["MEMBER"] < seen["OWNER"]
    assert seen["STAFF"] < seen["OUTSIDER"]
    assert seen["MEMBER"] & seen["OUTSIDER"] == seen["STAFF"]


def test_a_viewer_cannot_write_for_the_organization(project: dict[str, str]) -> None:
    """Seeded projects only."""
    member = connect(project)
    session = member.auth.sign_in_with_password(
        {"email": project["DEMO_MEMBER_EMAIL"], "password": project["DEMO_PASSWORD"]}
    ).session
    assert session is not None
    organization: Any = member.table("organizations").select("id").single().execute().data
    response = httpx.post(
        f"{project['SUPABASE_URL']}/rest/v1/documents",
        json={"title": "Not mine to write", "organization_id": organization["id"], "visibility": "organization"},
        headers={"apikey": project["SUPABASE_PUBLISHABLE_KEY"], "Authorization": f"Bearer {session.access_token}"},
        timeout=60,
    )
    assert response.status_code == 403
    assert response.json()["code"] == "42501"
