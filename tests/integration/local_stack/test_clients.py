"""Both client libraries do what an application does with them, on tables that no migration knows."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from postgrest.exceptions import APIError
from storage3.exceptions import StorageApiError
from supabase import Client, ClientOptions, create_client
from supabase_auth.errors import AuthApiError

from gateway.local.bootstrap import deno_command
from tests.integration.local_stack.support import PASSWORD, define
from tests.support.databases import Database
from tests.support.stack import Process, Stack

SCRIPT = """
    create table public.tasks (
      id uuid primary key default gen_random_uuid(),
      number bigint generated always as identity,
      owner_id uuid not null default auth.uid(),
      title text not null,
      data jsonb not null default '{}',
      embedding extensions.vector(3),
      created_at timestamptz not null default now()
    );
    alter table public.tasks enable row level security;
    create policy "own" on public.tasks for all to authenticated
      using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
    grant select, delete, insert (id, title, data, embedding), update (id, title, data, embedding)
      on public.tasks to authenticated;
    create table public.steps (
      id bigint generated always as identity primary key,
      task_id uuid not null references public.tasks on delete cascade,
      position integer not null
    );
    alter table public.steps enable row level security;
    create policy "own" on public.steps for all to authenticated using (true) with check (true);
    grant select, insert (task_id, position) on public.steps to authenticated;
    grant all on public.tasks, public.steps to service_role;
    create function public.nearest_task(wanted extensions.vector) returns table (title text)
      language sql stable set search_path = '' as
      'select t.title from public.tasks t where t.embedding is not null
        order by t.embedding operator(extensions.<->) wanted limit 1';
    grant execute on function public.nearest_task(extensions.vector) to authenticated;
"""


@pytest.fixture(scope="module")
def api(database: Database, stack: Stack) -> Process:
    """The API on a database with the tables of this module."""
    process = stack.start_api()
    define(database, stack, SCRIPT, "tasks")
    return process


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """The connections of the Python clients, closed at the end."""
    with httpx.Client(timeout=60, trust_env=False) as client:
        yield client


def python_client(stack: Stack, key: str, http: httpx.Client) -> Client:
    """supabase-py with `key`, without a timer that refreshes sessions."""
    options = ClientOptions(httpx_client=http, auto_refresh_token=False, persist_session=False)
    return create_client(stack.supabase_url, key, options)


def test_supabase_js(stack: Stack, api: Process) -> None:
    script = Path(__file__).with_name("client.ts")
    environment = {
        **api.service.environment,
        "SUPABASE_URL": stack.supabase_url,
        "PUBLISHABLE_KEY": stack.keys.publishable_key,
        "SECRET_KEY": stack.keys.secret_key,
    }
    done = subprocess.run(
        deno_command(script, "-A"), env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    assert datetime.fromisoformat(seen.pop("time")).tzinfo is not None
    assert seen.pop("listed") >= 2
    assert seen == {
        "anonymous": 401,
        "metadata": "Ada",
        "wrongPassword": "invalid_credentials",
        "refreshed": True,
        "algorithm": "ES256",
        "sameUser": True,
        "created": {"data": {"done": False, "tags": ["a"]}, "embedding": "[1,2,3]", "mine": True},
        "embedded": {"title": "first", "steps": [{"position": 1}, {"position": 2}]},
        "bulk": 201,
        "count": 3001,
        "page": 2,
        "upserted": "renamed",
        "updated": {"done": True},
        "called": [{"title": "renamed"}],
        "missing": None,
        "deleted": 1,
        "staff": True,
        "bypass": 3000,
        "refusedAdmin": "not_admin",
        "downloaded": "hello",
        "refusedUpload": True,
        "removed": 1,
        "functionIsDegraded": True,  # the function runs, and says that there is no gateway
        "signedOut": None,
    }


def test_supabase_py_signs_people_up_and_in(stack: Stack, api: Process, http: httpx.Client) -> None:
    client = python_client(stack, stack.keys.publishable_key, http)
    email = f"{uuid.uuid4()}@example.com"
    signed_up = client.auth.sign_up({"email": email, "password": PASSWORD, "options": {"data": {"name": "Ada"}}})
    assert signed_up.user is not None
    assert signed_up.user.user_metadata["name"] == "Ada"
    assert client.auth.sign_in_with_password({"email": email, "password": PASSWORD}).user is not None
    refreshed = client.auth.refresh_session()
    assert refreshed.session is not None
    assert refreshed.session.expires_in == 3600
    assert client.auth.update_user({"data": {"name": "Grace"}}).user.user_metadata["name"] == "Grace"
    claims = client.auth.get_claims()
    assert claims is not None
    assert claims["headers"]["alg"] == "ES256"
    with pytest.raises(AuthApiError, match="Invalid login credentials"):
        client.auth.sign_in_with_password({"email": email, "password": "wrong"})
    client.auth.sign_out()


def test_supabase_py_reads_and_writes(stack: Stack, api: Process, http: httpx.Client) -> None:
    client = python_client(stack, stack.keys.publishable_key, http)
    with pytest.raises(APIError, match="permission denied"):
        client.table("tasks").select("*").execute()
    client.auth.sign_up({"email": f"{uuid.uuid4()}@example.com", "password": PASSWORD})
    tasks = client.table("tasks")
    row: Any = (
        tasks.insert({"title": "first", "data": {"a": [1, {"b": None}]}, "embedding": [3, 2, 1]}).execute().data[0]
    )
    assert (row["data"], row["embedding"]) == ({"a": [1, {"b": None}]}, "[3,2,1]")
    assert datetime.fromisoformat(row["created_at"]).tzinfo is not None
    many = [{"title": f"task {number}", "data": {"number": number}} for number in range(2_000)]
    assert len(client.table("tasks").insert(many).execute().data) == 2_000
    assert client.table("tasks").select("*", count="exact", head=True).execute().count == 2_001  # type: ignore[arg-type]
    assert client.table("tasks").select("*").eq("title", "none").maybe_single().execute() is None
    upserted: Any = client.table("tasks").upsert({"id": row["id"], "title": "renamed"}).execute().data[0]
    assert (upserted["title"], upserted["data"]) == ("renamed", row["data"])
    called: Any = client.rpc("nearest_task", {"wanted": [3, 2, 1]}).execute().data
    assert called == [{"title": "renamed"}]
    found: Any = client.table("tasks").select("id").contains("data", {"number": 5}).execute().data
    assert len(found) == 1


def test_supabase_py_administers_people(stack: Stack, api: Process, http: httpx.Client) -> None:
    admin = python_client(stack, stack.keys.secret_key, http).auth.admin
    email = f"{uuid.uuid4()}@example.com"
    attributes: Any = {"email": email, "password": PASSWORD, "email_confirm": True, "app_metadata": {"staff": True}}
    created = admin.create_user(attributes).user
    with pytest.raises(AuthApiError, match="already been registered"):
        admin.create_user(attributes)
    assert admin.get_user_by_id(created.id).user.app_metadata["staff"] is True
    assert created.id in {user.id for user in admin.list_users()}
    changed = admin.update_user_by_id(created.id, {"password": "another long password", "user_metadata": {"n": 1}})
    assert (changed.user.user_metadata, changed.user.app_metadata["staff"]) == ({"n": 1}, True)
    someone = python_client(stack, stack.keys.publishable_key, http)
    session = someone.auth.sign_in_with_password({"email": email, "password": "another long password"})
    assert session.user is not None
    assert session.user.app_metadata["staff"] is True
    for holder in (session, someone.auth.refresh_session()):
        assert holder.session is not None
        # Policies read this claim; the package by itself leaves it out of its tokens.
        claims = jwt.decode(holder.session.access_token, options={"verify_signature": False})
        assert (claims["email"], claims["app_metadata"]["staff"], claims["user_metadata"]) == (email, True, {"n": 1})
    with pytest.raises(AuthApiError, match="not allowed"):
        python_client(stack, stack.keys.publishable_key, http).auth.admin.list_users()
    admin.delete_user(created.id)
    with pytest.raises(AuthApiError, match="not found"):
        admin.get_user_by_id(created.id)


def test_supabase_py_stores_files(stack: Stack, api: Process, http: httpx.Client) -> None:
    service = python_client(stack, stack.keys.secret_key, http).storage
    service.create_bucket("papers", options={"public": False})
    papers, payload = service.from_("papers"), bytes(range(256)) * 40
    papers.upload("a/one.bin", payload, {"content-type": "application/x-test"})
    assert papers.download("a/one.bin") == payload
    papers.update("a/one.bin", payload[::-1], {"content-type": "application/x-test"})
    assert papers.download("a/one.bin") == payload[::-1]
    papers.copy("a/one.bin", "b.bin")
    assert papers.download("b.bin") == payload[::-1]
    papers.upload("a", b"beside its own folder")
    assert (papers.download("a"), papers.download("a/one.bin")) == (b"beside its own folder", payload[::-1])
    papers.remove(["a", "a/one.bin"])
    with pytest.raises(StorageApiError, match="not found"):
        papers.download("a/one.bin")
    assert papers.download("b.bin") == payload[::-1]
    escape = httpx.get(
        f"{stack.supabase_url}/storage/v1/object/papers/..%2f..%2f..%2fsigning_keys.json",
        headers={"apikey": stack.keys.secret_key},
        timeout=60,
        trust_env=False,
    )
    assert escape.status_code in {400, 404}
