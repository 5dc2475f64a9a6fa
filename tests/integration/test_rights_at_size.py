"""Rights that end by the thousand: nobody else loses what is kept for them."""

import asyncio

import pytest

from gateway.search.schemas import SearchRequest
from tests.integration.test_rights import LANTERNS, world_on
from tests.support import Database

pytestmark = pytest.mark.anyio
ROWS = 1001
NOTED = "select everything, people, sources from private.heartbeat(%s)"
PEOPLE = (
    "with people as (insert into auth.users (id, email)"
    " select gen_random_uuid(), gen_random_uuid() || '@example.org' from generate_series(1, 1001) returning id)"
)
# What is planted first, what ends the rights, and whose documents are named instead.
AT_ONCE = {
    "documents of an organization": (
        "insert into public.documents (owner_id, organization_id, visibility, title, content)"
        " select %(owner)s, %(organization)s, 'organization', n::text, '' from generate_series(1, 1001) n",
        "delete from public.documents where title ~ '^[0-9]+$'",
        "organization",
    ),
    "documents of a person": (
        "insert into public.documents (owner_id, visibility, title, content)"
        " select %(owner)s, 'private', n::text, '' from generate_series(1, 1001) n",
        "delete from public.documents where title ~ '^[0-9]+$'",
        "owner",
    ),
    "members of an organization": (
        f"{PEOPLE} insert into public.memberships (organization_id, user_id, role)"
        " select %(organization)s, id, 'viewer' from people",
        "delete from public.memberships where organization_id = %(organization)s and role = 'viewer'",
        "organization",
    ),
    "readers of a document": (
        f"{PEOPLE} insert into public.document_shares (document_id, user_id) select %(own)s, id from people",
        "delete from public.document_shares where document_id = %(own)s",
        "own",
    ),
    "an organization with many documents": (
        "insert into public.documents (owner_id, organization_id, visibility, title, content)"
        " select %(owner)s, %(organization)s, 'organization', n::text, '' from generate_series(1, 1001) n",
        "delete from public.organizations where id = %(organization)s",
        "organization",
    ),
}


@pytest.mark.parametrize("what", AT_ONCE)
async def test_what_ends_at_once_names_whose_it_was(database: Database, what: str) -> None:
    planted, ended, named = AT_ONCE[what]
    async with world_on(database) as world, world_on(database) as others:
        # Nothing of theirs is in the others' answer.
        await asyncio.to_thread(
            world.end, "update public.documents set visibility = 'organization' where id = %(public)s"
        )
        await asyncio.to_thread(world.end, planted)
        with database.connect("supabase_admin") as admin:
            (since,) = admin.execute("select next from private.heartbeat(null)").fetchone() or ("",)
            await world.confirmed()
            await others.confirmed()
            assert others.ids["own"] in await others.found("member")
            await asyncio.to_thread(world.end, ended)
            noted = admin.execute(NOTED, (since,)).fetchone()
            assert noted is not None
            everything, people, sources = noted
            assert not everything
            assert len(people) < ROWS
            assert world.ids[named] in {str(source) for source in sources}
        await others.confirmed()
        caller = await others.services.verifier.caller(f"Bearer {others.project.key.token(others.ids['member'])}")
        kept = others.services.search._stale.get(SearchRequest.model_validate(LANTERNS), caller)
        assert kept is not None, "what another tenant ended took it"


async def test_what_has_no_common_owner_is_everything_and_old_records_go(database: Database) -> None:
    with database.connect("supabase_admin") as admin:
        admin.execute("delete from private.rights_lost")
        admin.execute(
            "select private.record_rights_lost('{}', array(select gen_random_uuid() from generate_series(1, 1001)))"
        )
        row = admin.execute("select everything, sources from private.heartbeat('3')").fetchone()
        assert row == (True, [])
        admin.execute("update private.rights_lost set at = now() - interval '2 hours'")
        admin.execute("select private.record_rights_lost(array[gen_random_uuid()], '{}')")
        assert admin.execute("select count(*) from private.rights_lost").fetchone() == (1,)
