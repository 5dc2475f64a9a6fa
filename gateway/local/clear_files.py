"""`make clear-files`: remove from Storage what closed accounts and deleted documents left there.

A file goes unreadable with its document, by row level security. Its bytes go here: Storage deletes them through its API
alone, with the secret key, which no other part of the project holds.
"""

from collections.abc import Callable, Mapping
from functools import partial

import httpx
import psycopg
from pydantic import TypeAdapter, ValidationError
from storage3.exceptions import StorageApiError

from gateway.config.policies import STORAGE, changed
from gateway.config.types import PolicyChanges, sentence
from gateway.database.queries import query
from gateway.local.clients import project_client, required, step
from gateway.local.errors import LocalError
from gateway.resilience import Policy, ResiliencePipeline

BATCH = 100


async def clear_files(env: Mapping[str, str], report: Callable[[str], None]) -> int:
    """Remove files whose document is gone from the project that `env` describes; how many.

    `env` holds SUPABASE_URL, SUPABASE_SECRET_KEY and DATABASE_URL, and may hold RESILIENCE. LocalError when one is
    missing or something refuses; what is removed by then stays so, and the next run goes on.
    """
    pipeline = ResiliencePipeline(_policy(env.get("RESILIENCE")), _may_pass)
    (url,) = required(env, "DATABASE_URL")
    with step("finding files without a document"), psycopg.connect(url, prepare_threshold=None) as connection:
        names = [str(row[0]) for row in connection.execute(query("orphaned_files")).fetchall()]
    async with project_client(env, "SUPABASE_SECRET_KEY") as client:
        bucket = client.storage.from_("documents")
        for start in range(0, len(names), BATCH):
            with step("removing files"):
                await pipeline.call(partial(bucket.remove, names[start : start + BATCH]))
    report(f"{len(names)} files without a document removed")
    return len(names)


def _policy(resilience: str | None) -> Policy:
    try:
        return changed(STORAGE, TypeAdapter(PolicyChanges).validate_python(resilience or "{}"))
    except ValidationError as error:
        problem = error.errors()[0]
        raise LocalError(sentence({**problem, "loc": ("RESILIENCE", *problem["loc"])})) from error
    except ValueError as error:
        raise LocalError(f"{error}") from error


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, StorageApiError):
        return str(error.status).startswith("5") or str(error.status) in ("408", "429")
    return isinstance(error, httpx.HTTPError)
