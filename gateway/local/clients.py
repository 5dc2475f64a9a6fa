"""Clients of a Supabase project for the seed: one per person, closed at the end, with failures that say what failed."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
from postgrest import APIError, CountMethod, ReturnMethod
from storage3.exceptions import StorageApiError
from supabase import AsyncClient, AsyncClientOptions, AuthError, acreate_client

from gateway.local.errors import LocalError
from gateway.resilience import DependencyError

TIMEOUT_S = 60.0
PAGE = 1000  # hosted projects answer at most this many rows at once
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def required(env: Mapping[str, str], *names: str) -> list[str]:
    """The values of `names`; LocalError that lists every one that is missing or empty."""
    if missing := [name for name in names if not env.get(name)]:
        raise LocalError(f"{', '.join(missing)} must be set: they come from the env file, or from the environment")
    return [env[name] for name in names]


@contextmanager
def step(what: str) -> Iterator[None]:
    """Turn a refusal or an unreachable service inside the block into a LocalError that begins with `what`."""
    try:
        yield
    except APIError as error:
        details = " ".join(part for part in (error.message, error.details, error.hint) if part)
        raise LocalError(f"{what}: the Data API refused with {error.code}: {details}") from error
    except AuthError as error:
        raise LocalError(f"{what}: Auth refused with {error.code or error.name}: {error.message}") from error
    except StorageApiError as error:
        raise LocalError(f"{what}: Storage refused with {error.code}: {error.message}") from error
    except DependencyError as error:
        raise LocalError(f"{what}: {error.reason}") from error
    except httpx.HTTPError as error:
        raise LocalError(f"{what}: {type(error).__name__} {error}".rstrip()) from error
    except psycopg.Error as error:
        raise LocalError(f"{what}: {error}") from error


@asynccontextmanager
async def project_client(env: Mapping[str, str], key: str) -> AsyncIterator[AsyncClient]:
    """A client of the project at SUPABASE_URL that presents the API key called `key` in `env`."""
    url, value = required(env, "SUPABASE_URL", key)
    # A proxy that the environment names is for the internet, not for a stack on this machine.
    trust_env = urlsplit(url).hostname not in _LOOPBACK
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=trust_env, follow_redirects=True) as http:
        options = AsyncClientOptions(httpx_client=http, auto_refresh_token=False)
        yield await acreate_client(url, value, options)


@asynccontextmanager
async def signed_in(env: Mapping[str, str], account: str) -> AsyncIterator[tuple[AsyncClient, str]]:
    """A client of the demo account `account` (owner, outsider, …), and the account's user id."""
    email, password = required(env, f"DEMO_{account.upper()}_EMAIL", "DEMO_PASSWORD")
    async with project_client(env, "SUPABASE_PUBLISHABLE_KEY") as client:
        with step(f"signing in as {email}"):
            session = await client.auth.sign_in_with_password({"email": email, "password": password})
        if session.user is None:
            raise LocalError(f"signing in as {email}: Auth answered without a person")
        yield client, session.user.id


async def find_organization(client: AsyncClient, slug: str) -> str | None:
    """The id of the organization `slug` as far as the caller may see it."""
    with step(f"looking for the organization {slug}"):
        answer = await client.table("organizations").select("id").eq("slug", slug).execute()
    return next((str(row["id"]) for row in _rows(answer.data)), None)


async def source_uris(client: AsyncClient, organization_id: str, prefix: str = "") -> set[str]:
    """Every `source_uri` with that prefix among the organization's documents that the caller reads."""
    found: set[str] = set()
    offset = 0
    with step("listing the documents that are there"):
        while True:
            query = client.table("documents").select("source_uri").eq("organization_id", organization_id)
            query = query.like("source_uri", f"{prefix}%").order("source_uri").order("id")
            rows = _rows((await query.range(offset, offset + PAGE - 1).execute()).data)
            found.update(str(row["source_uri"]) for row in rows)
            offset += len(rows)
            if not rows:  # a project may answer fewer than asked for, so that a short page is not yet the end
                return found


async def insert_documents(client: AsyncClient, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert documents in one request: all or none."""
    with step(f"inserting {len(rows)} documents"):
        payload = [dict(row) for row in rows]
        await client.table("documents").insert(payload, returning=ReturnMethod.minimal).execute()


async def count_documents(client: AsyncClient, organization_id: str, prefix: str, *statuses: str) -> int:
    """How many documents of the organization whose `source_uri` begins with `prefix` have one of `statuses`."""
    with step("counting documents"):
        query = client.table("documents").select("id", count=CountMethod.exact, head=True)
        query = query.eq("organization_id", organization_id).like("source_uri", f"{prefix}%")
        return (await query.in_("status", statuses).execute()).count or 0


def _rows(data: Any) -> list[dict[str, Any]]:
    """The rows of an answer, which the library types as any JSON."""
    if not isinstance(data, list):
        raise LocalError(f"the Data API answered {type(data).__name__} where rows were expected")
    return data
