"""`make demo-large`: the PostgreSQL manual, over a thousand documents, for people who want to feel search at size.

The pages become public documents of the demo owner's organization, inserted through the Data API as any client would.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from postgrest import CountMethod
from supabase import AsyncClient

from gateway.local.clients import (
    count_documents,
    find_organization,
    insert_documents,
    signed_in,
    source_uris,
    step,
)
from gateway.local.console import Console
from gateway.local.demo_corpus import BASE_URI, PACKAGE, Page, fetch_manual, page_files, read_pages
from gateway.local.errors import LocalError
from gateway.local.seed_files import read_organizations
from gateway.local.settings import LocalSettings

BATCH_PAGES = 100
BATCH_CHARACTERS = 500_000  # keeps a request far below a hosted project's eight seconds per statement
POLL_S = 0.5
STALLED_AFTER_S = 60.0

Report = Callable[[str], None]


async def demo_large(env: Mapping[str, str], report: Report) -> None:
    """Add what is missing of the manual to the seeded project that `env` describes, and wait until it is searchable.

    `env` holds SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, DEMO_OWNER_EMAIL and DEMO_PASSWORD. Raises LocalError when the
    package cannot be had, the project is not seeded, or the worker stands still for a minute.
    """
    started = time.monotonic()
    cache = LocalSettings.read({**os.environ, **env}).home / "cache"
    pages = await asyncio.to_thread(fetch_manual, cache, report)
    console = Console()
    async with signed_in(env, "owner") as (client, _):
        organization_id = await _owners_organization(client)
        missing = await _missing(client, organization_id, page_files(pages))
        report(f"{len(missing)} pages to add")
        if missing:
            await _upload(client, organization_id, missing, console)
        uploaded = time.monotonic()
        await _wait_for_embeddings(client, organization_id, console)
        report(await _summary(client, organization_id, uploaded - started, time.monotonic() - uploaded))


async def _owners_organization(client: AsyncClient) -> str:
    slug = next(organization.slug for organization in read_organizations() if organization.account == "owner")
    if organization_id := await find_organization(client, slug):
        return organization_id
    raise LocalError(f"the demo owner has no organization {slug}: run `make seed` first")


async def _missing(client: AsyncClient, organization_id: str, files: list[Path]) -> list[Path]:
    """The pages whose address no document of the organization carries yet."""
    present = await source_uris(client, organization_id, BASE_URI)
    return [path for path in files if BASE_URI + path.name not in present]


async def _upload(client: AsyncClient, organization_id: str, files: list[Path], console: Console) -> None:
    pages = read_pages(files)
    done = 0
    with console.progress("adding documents", len(files)) as update:
        # Converting is the slow half and pure Python: in a thread it leaves the event loop to the requests.
        while batch := await asyncio.to_thread(_next_batch, pages):
            await insert_documents(client, [_row(page, organization_id) for page in batch])
            done += len(batch)
            update(done)
        update(len(files))


def _next_batch(pages: Iterator[Page]) -> list[Page]:
    """The next pages for one request: until there are BATCH_PAGES of them, or BATCH_CHARACTERS are exceeded."""
    batch: list[Page] = []
    for page in pages:
        batch.append(page)
        if len(batch) >= BATCH_PAGES or _characters(batch) >= BATCH_CHARACTERS:
            break
    return batch


def _characters(pages: Iterable[Page]) -> int:
    return sum(len(page.content) for page in pages)


def _row(page: Page, organization_id: str) -> dict[str, Any]:
    return {
        "organization_id": organization_id,
        "visibility": "public",
        "title": f"PostgreSQL 15: {page.title}",
        "content": page.content,
        "language": "en",
        "source_uri": page.source_uri,
        "metadata": {"kind": "manual", "package": PACKAGE, "page": page.name},
    }


async def _wait_for_embeddings(client: AsyncClient, organization_id: str, console: Console) -> None:
    """Wait until no document of the manual is pending; LocalError when that makes no progress for STALLED_AFTER_S."""
    total = left = await count_documents(client, organization_id, BASE_URI, "pending")
    if total == 0:
        return
    moved = time.monotonic()
    with console.progress("embedding documents", total) as update:
        while left > 0:
            if time.monotonic() - moved > STALLED_AFTER_S:
                raise LocalError(f"the worker makes no progress: {left} documents are still pending. Is it running?")
            update(total - left)
            await asyncio.sleep(POLL_S)
            before, left = left, await count_documents(client, organization_id, BASE_URI, "pending")
            moved = time.monotonic() if left != before else moved
        update(total)


async def _summary(client: AsyncClient, organization_id: str, upload_s: float, embed_s: float) -> str:
    ready = await count_documents(client, organization_id, BASE_URI, "ready")
    failed = await count_documents(client, organization_id, BASE_URI, "failed")
    chunks = await _count_chunks(client, organization_id)
    trouble = f"; {failed} failed, see their `error`" if failed else ""
    return (
        f"the PostgreSQL manual is searchable: {ready} documents in {chunks} chunks, "
        f"added in {upload_s:.1f} s, embedded in {embed_s:.1f} s more{trouble}"
    )


async def _count_chunks(client: AsyncClient, organization_id: str) -> int:
    with step("counting chunks"):
        query = client.table("chunks").select("id, documents!inner(id)", count=CountMethod.exact, head=True)
        query = query.eq("documents.organization_id", organization_id).like("documents.source_uri", f"{BASE_URI}%")
        return (await query.execute()).count or 0
