"""Seeds a project through its public APIs: Auth for accounts, the Data API for organizations and documents.

Only the catalogue is plain SQL, the same file that `supabase db reset` runs. Safe to repeat: what exists stays.
"""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from supabase import AsyncClient, AuthError
from supabase_auth.types import AdminUserAttributes, User

from gateway.local.clients import (
    find_organization,
    insert_documents,
    project_client,
    required,
    signed_in,
    source_uris,
    step,
)
from gateway.local.errors import LocalError
from gateway.local.seed_files import SEED_SQL, SeedOrganization, read_documents, read_organizations

Report = Callable[[str], None]
ACCOUNTS = ("owner", "member", "outsider", "staff")
_TAKEN = frozenset({"email_exists", "user_already_exists"})
_USERS_PAGE = 200


async def seed(env: Mapping[str, str], report: Report) -> None:
    """Make the demo accounts, the catalogue, the organizations and their documents.

    `env` holds SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY, DATABASE_URL, DEMO_PASSWORD and the four
    DEMO_…_EMAIL. `report` gets one line per step. Raises LocalError naming the step that failed.
    """
    required(env, *_wanted())
    accounts = await _make_accounts(env)
    report(f"demo accounts ready: {', '.join(env[_email(account)] for account in ACCOUNTS)}")
    categories, products = await _apply_catalogue(env["DATABASE_URL"])
    report(f"catalogue ready: {products} products in {categories} categories")
    for organization in read_organizations():
        added = await _make_organization(env, organization, accounts)
        report(f"{organization.name} ready: {added} documents added")


async def _make_accounts(env: Mapping[str, str]) -> dict[str, str]:
    """Create the demo accounts or bring them up to date; their user ids by account name."""
    async with project_client(env, "SUPABASE_SECRET_KEY") as client:
        return {account: await _make_account(client, env, account) for account in ACCOUNTS}


async def _make_account(client: AsyncClient, env: Mapping[str, str], account: str) -> str:
    email = env[_email(account)]
    attributes: AdminUserAttributes = {"password": env["DEMO_PASSWORD"], "email_confirm": True}
    if account == "staff":
        attributes["app_metadata"] = {"staff": True}
    with step(f"creating the account {email}"):
        try:
            created = await client.auth.admin.create_user({**attributes, "email": email})
            return str(created.user.id)
        except AuthError as error:
            if error.code not in _TAKEN:
                raise
    user = await _find_user(client, email)
    with step(f"updating the account {email}"):
        await client.auth.admin.update_user_by_id(user.id, attributes)
    return str(user.id)


async def _find_user(client: AsyncClient, email: str) -> User:
    """The existing account with this address: the Auth API can only list people, page by page."""
    page = 1
    with step(f"looking for the account {email}"):
        while users := await client.auth.admin.list_users(page=page, per_page=_USERS_PAGE):
            for user in users:
                if (user.email or "").lower() == email.lower():
                    return user
            page += 1
    raise LocalError(f"Auth says that {email} exists, but does not list it")


async def _apply_catalogue(database_url: str) -> tuple[int, int]:
    """Run seed.sql in one transaction; the numbers of categories and products that are there afterwards."""
    counts = "select (select count(*) from public.categories), (select count(*) from public.products)"
    with step(f"applying {SEED_SQL.name}"):
        # One text without parameters is sent as it is, so that a transaction pooler takes it too.
        async with await psycopg.AsyncConnection.connect(database_url, prepare_threshold=None) as connection:
            await connection.execute(SEED_SQL.read_bytes())
            row: tuple[int, int] | None = await (await connection.execute(counts)).fetchone()
    if row is None:
        raise LocalError("counting the catalogue: the database answered nothing")
    return row


async def _make_organization(
    env: Mapping[str, str], organization: SeedOrganization, accounts: Mapping[str, str]
) -> int:
    """As its founder, make the organization, invite its viewers, add its documents; how many were added."""
    async with signed_in(env, organization.account) as (client, _):
        organization_id = await _found(client, organization)
        if organization.may_publish:
            await _let_publish(env, organization_id)
        invited = {viewer: await _invite(client, organization_id, accounts[viewer]) for viewer in organization.viewers}
        added = await _add_documents(client, organization_id, organization.slug)
    for viewer, invitation in invited.items():
        if invitation is not None:
            await _accept(env, viewer, invitation)
    return added


async def _found(client: AsyncClient, organization: SeedOrganization) -> str:
    """The id of the caller's organization, founded if need be; LocalError when the slug is somebody else's."""
    if existing := await find_organization(client, organization.slug):
        return existing
    with step(f"founding the organization {organization.slug}"):
        row = {"name": organization.name, "slug": organization.slug}
        await client.table("organizations").insert(row).execute()
    if made := await find_organization(client, organization.slug):
        return made
    raise LocalError(f"founding the organization {organization.slug}: its founder cannot see it")


async def _let_publish(env: Mapping[str, str], organization_id: str) -> None:
    async with signed_in(env, "staff") as (client, _):
        with step("letting an organization publish"):
            await client.rpc("set_publishing", {"organization_id": organization_id, "may_publish": True}).execute()


async def _invite(client: AsyncClient, organization_id: str, user_id: str) -> str | None:
    """The id of an invitation for this person to answer; None for a member."""
    key = {"organization_id": organization_id, "user_id": user_id}
    with step(f"inviting {user_id}"):
        if (await client.table("memberships").select("role").match(key).execute()).data:
            return None
        # One that was not answered, or not in time, is replaced.
        await client.table("invitations").delete().match({**key, "status": "pending"}).execute()
        sent: Any = (await client.table("invitations").insert({**key, "role": "viewer"}).execute()).data
        return str(sent[0]["id"])


async def _accept(env: Mapping[str, str], account: str, invitation: str) -> None:
    async with signed_in(env, account) as (client, _):
        with step(f"accepting an invitation as {account}"):
            await client.rpc("accept_invitation", {"invitation_id": invitation}).execute()


async def _add_documents(client: AsyncClient, organization_id: str, slug: str) -> int:
    present = await source_uris(client, organization_id)
    missing = [document for document in read_documents(slug) if document.source_uri not in present]
    if missing:
        await insert_documents(client, [document.as_row(organization_id) for document in missing])
    return len(missing)


def _email(account: str) -> str:
    return f"DEMO_{account.upper()}_EMAIL"


def _wanted() -> tuple[str, ...]:
    project = ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY", "DATABASE_URL", "DEMO_PASSWORD")
    return (*project, *(_email(account) for account in ACCOUNTS))
