"""Histories at random: two tenants and their people join, leave, share, move and hide things, and others look on.

A step is one statement by somebody; the specification says beforehand what it gives, the world says what follows from
it. After each step the next in turn looks at every table. A disagreement fails the history, which Hypothesis then
shortens to a story of the fewest steps.
"""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.isolation.database import passages, until
from tests.isolation.letters import Letters
from tests.isolation.matrix import PROBES, REFUSED
from tests.isolation.opening import (
    ACTORS,
    PROBES_A_STEP,
    WORKER,
    actors,
    organizations,
    people,
    places,
    titles,
    visibilities,
)
from tests.isolation.probes import named
from tests.isolation.rules import RULES, granted
from tests.isolation.sources import Documents
from tests.isolation.tables import TABLES
from tests.isolation.world import ROLES, Document


class Story(Letters):
    """All the steps there are."""

    # What people do ------------------------------------------------------------------------------------------------

    @rule(actor=actors, organization=organizations, person=people, role=st.sampled_from(ROLES))
    def change_role(self, actor: str, organization: str, person: str, role: str) -> None:
        """Somebody gives a member another role."""
        w, old = self.world, self.world.memberships.get((organization, person))
        row = (organization, person, old)
        statement = (
            f"update public.memberships set role = '{role}'"
            f" where organization_id = {named(organization)} and user_id = {named(person)}"
        )
        wanted = self.write(actor, "public.memberships", "update", row if old else None)
        if wanted == "1":
            appoints = role == "owner" and old != "owner"
            if appoints or not RULES["public.memberships"].into(w, ACTORS[actor], row, (organization, person, role)):
                wanted = REFUSED
            elif role != "owner" and w.owners(organization) == {person}:
                wanted = "23514"
        if self.step(actor, statement, wanted):
            w.change_role(organization, person, role)

    @rule(actor=actors, organization=organizations, person=people)
    def remove_member(self, actor: str, organization: str, person: str) -> None:
        """Somebody removes a member."""
        self.end_membership(actor, organization, person)

    def end_membership(self, actor: str, organization: str, person: str) -> None:
        """A membership ends by what `actor` does."""
        w, role = self.world, self.world.memberships.get((organization, person))
        where = f"organization_id = {named(organization)} and user_id = {named(person)}"
        row = (organization, person, role) if role else None
        wanted = self.write(actor, "public.memberships", "delete", row)
        if wanted == "1" and w.owners(organization) == {person}:
            wanted = "23514"
        if self.step(actor, f"delete from public.memberships where {where}", wanted):
            w.end_membership(organization, person)
            if not w.members(organization):
                w.remove_organization(organization)

    @rule(person=people, organization=organizations)
    def leave(self, person: str, organization: str) -> None:
        """Somebody leaves."""
        self.end_membership(person, organization, person)

    @rule(actor=actors)
    def found_club(self, actor: str) -> None:
        """Somebody founds an organization."""
        allowed = self.may("insert", "public.organizations", actor, "club")
        wanted = "23505" if "club" in self.world.creators else "1"
        statement = "insert into public.organizations (name, slug) values ('Club', 'club')"
        with self.prover.choosing("club"):
            done = self.step(actor, statement, wanted if allowed else REFUSED)
        if done:
            self.world.found("club", ACTORS[actor].name)

    @rule(actor=actors, organization=organizations)
    def dissolve(self, actor: str, organization: str) -> None:
        """Somebody deletes an organization."""
        row = organization if organization in self.world.creators else None
        wanted = self.write(actor, "public.organizations", "delete", row)
        if self.step(actor, f"delete from public.organizations where id = {named(organization)}", wanted):
            self.world.remove_organization(organization)

    @rule(actor=st.sampled_from(["sam", "sam", *ACTORS]), organization=organizations, may=st.booleans())
    def license(self, actor: str, organization: str, may: bool) -> None:
        """Staff, or somebody else, lets an organization publish, or no longer."""
        w, who = self.world, ACTORS[actor]
        if who.me is None:
            wanted = REFUSED
        else:
            found = "1" if organization in w.creators else "PT404"
            wanted = w.refusal(who.me) or (found if who.staff else "PT403")
        if self.step(actor, f"select public.set_publishing({named(organization)}, {may})", wanted):
            (w.publishers.add if may else w.publishers.discard)(organization)

    @rule(actor=actors, title=titles, place=places, visibility=visibilities)
    def write_document(self, actor: str, title: str, place: str | None, visibility: str) -> None:
        """Somebody writes a document, which then waits to be embedded."""
        w, new = self.world, Document(ACTORS[actor].me, place, visibility, job=True)
        statement = (
            "insert into public.documents (id, title, content, organization_id, visibility)"
            f" values ({named(title)}, '{title}', 'text', {named(place)}, '{visibility}')"
        )
        allowed = self.may("insert", "public.documents", actor, new)
        wanted = "23505" if title in w.documents and Documents.legal(new) == "1" else Documents.legal(new)
        wanted = wanted if allowed else REFUSED
        if granted("public.documents", "insert", ACTORS[actor]):
            wanted = Documents.unpublishable(w, new) or wanted
        if self.step(actor, statement, wanted):
            w.documents[title] = new

    @rule(actor=actors, title=titles, place=places, visibility=visibilities)
    def move_document(self, actor: str, title: str, place: str | None, visibility: str) -> None:
        """Somebody files a document elsewhere, or shows it to others."""
        w = self.world
        statement = (
            f"update public.documents set organization_id = {named(place)}, visibility = '{visibility}'"
            f" where id = {named(title)}"
        )
        wanted = self.write(actor, "public.documents", "update", title if title in w.documents else None)
        if wanted == "1":
            new, after = replace(w.documents[title], organization=place, visibility=visibility), w.copy()
            after.documents[title] = new
            rules = RULES["public.documents"]
            stays = rules.into(w, ACTORS[actor], title, new) and rules.select(after, ACTORS[actor], title)
            refused = Documents.unchangeable(w, ACTORS[actor], new, w.documents[title])
            wanted = refused or (Documents.legal(new) if stays else REFUSED)
        if self.step(actor, statement, wanted):
            w.documents[title] = new

    @rule(actor=actors, title=titles)
    def rewrite(self, actor: str, title: str) -> None:
        """Somebody replaces a text: its passages are gone at once, and it waits to be embedded."""
        self.edit(actor, title, "content = content || ' no more', title = title || '.'", passages=True)
        self.edit(actor, title, "content = 'all new'", passages=False)

    def edit(self, actor: str, title: str, clause: str, *, passages: bool) -> None:
        """Change what a document says; `passages`: those that it has still stand in it."""
        w = self.world
        wanted = self.write(actor, "public.documents", "update", title if title in w.documents else None)
        if wanted == "1":
            same = w.documents[title]
            wanted = "1" if RULES["public.documents"].into(w, ACTORS[actor], title, same) else REFUSED
        if self.step(actor, f"update public.documents set {clause} where id = {named(title)}", wanted):
            w.documents[title] = replace(same, job=True, passages=same.passages and passages)

    @rule(actor=actors, title=titles)
    def remove_document(self, actor: str, title: str) -> None:
        """Somebody deletes a document."""
        row = title if title in self.world.documents else None
        wanted = self.write(actor, "public.documents", "delete", row)
        if self.step(actor, f"delete from public.documents where id = {named(title)}", wanted):
            self.world.remove_document(title)

    @rule(actor=actors, title=titles, person=people)
    def end_share(self, actor: str, title: str, person: str) -> None:
        """Somebody ends a share."""
        where = f"document_id = {named(title)} and user_id = {named(person)}"
        row = (title, person) if (title, person) in self.world.shares else None
        wanted = self.write(actor, "public.document_shares", "delete", row)
        if self.step(actor, f"delete from public.document_shares where {where}", wanted):
            self.world.shares.discard((title, person))

    @rule(actor=actors, product=st.sampled_from(["lamp", "oil"]))
    def take_off_sale(self, actor: str, product: str) -> None:
        """Somebody takes a product off sale, or puts it back."""
        w = self.world
        wanted = self.write(actor, "public.products", "update", product)
        statement = f"update public.products set is_active = not is_active where id = {named(product)}"
        if self.step(actor, statement, wanted):
            w.products[product] = replace(w.products[product], active=not w.products[product].active)

    @rule(actor=actors, product=st.sampled_from(["lamp", "oil"]), kind=st.sampled_from(["view", "cart"]))
    def look_at(self, actor: str, product: str, kind: str) -> None:
        """Somebody looks at a product, or puts it into the cart."""
        row = (ACTORS[actor].me, product, kind)
        allowed = self.may("insert", "public.interactions", actor, row)
        statement = f"insert into public.interactions (product_id, kind) values ({named(product)}, '{kind}')"
        if self.step(actor, statement, "1" if allowed else REFUSED):
            self.world.interactions.add((ACTORS[actor].name, product, kind))

    # What happens to them ------------------------------------------------------------------------------------------

    @rule(person=people)
    def ban(self, person: str) -> None:
        """An administrator bans an account, or lifts the ban."""
        w, is_banned = self.world, person in self.world.banned
        statement = f"update auth.users set banned_until = {until(not is_banned)} where id = {named(person)}"
        if self.step(None, statement, "1" if person in w.people else "0"):
            w.banned ^= {person}

    @rule(person=people)
    def delete_softly(self, person: str) -> None:
        """An administrator marks an account as deleted."""
        w = self.world
        wanted = "1" if person in w.people - w.deleted else "0"
        statement = f"update auth.users set deleted_at = now() where id = {named(person)} and deleted_at is null"
        if self.step(None, statement, wanted):
            w.delete_softly(person)

    @rule(person=people)
    def close_account(self, person: str) -> None:
        """Somebody's account is deleted."""
        wanted = "1" if person in self.world.people else "0"
        if self.step(None, f"delete from auth.users where id = {named(person)}", wanted):
            self.world.remove_person(person)

    @rule(title=titles)
    def embed(self, title: str) -> None:
        """The worker embeds a document that waits for it."""
        document = self.world.documents.get(title)
        if document is None or not document.job:
            return
        removed = "1" if document.passages else "0"
        self.step(WORKER, f"delete from public.chunks where source_id = {named(title)}", removed)
        for statement in passages(self.world, title):
            self.step(WORKER, statement, "1")
        self.step(WORKER, f"delete from private.embedding_jobs where source_id = {named(title)}", "1")
        self.world.documents[title] = replace(document, passages=True, job=False, staged=False)

    # What others see of it -----------------------------------------------------------------------------------------

    # A number, not a name: with it histories would be others whenever a table is added.
    @rule(actor=actors, data=st.integers(0, 999), place=st.integers(0, 999))
    def try_around(self, actor: str, data: int, place: int) -> None:
        """Somebody tries what could be done with a table, some of it."""
        who, table = ACTORS[actor], [*TABLES][place % len(TABLES)]
        probes = [one for build in PROBES.values() for one in build(self.world, who, table) if self._exists(one[1])]
        chosen = [probes[(data + 7 * n) % len(probes)] for n in range(min(PROBES_A_STEP, len(probes)))]
        outcomes = self.prover.attempt(who, [statement for _, statement, _ in chosen])
        for (what, _, wanted), outcome in zip(chosen, outcomes, strict=True):
            assert outcome in wanted, f"{actor} in {table}: {what}: {outcome}, not {' or '.join(wanted)}"

    @staticmethod
    def _exists(statement: str) -> bool:
        # Files are not part of these histories.
        return "storage." not in statement
