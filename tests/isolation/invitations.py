"""Invitations: the rules, how they are asked, and how they are put into a world."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from tests.isolation.probes import KEPT, Insert, Table, Update, named, quoted
from tests.isolation.world import Actor, Invitation, World, identity

STATUSES = ("pending", "accepted", "declined", "revoked", "expired")


def address(person: str | None) -> str:
    """The e-mail address of somebody, as SQL."""
    return quoted(None if person is None else f"{person}@example.org")


def sees(w: World, a: Actor, name: str) -> bool:
    """The addressee, the sender, and the organization's admins."""
    i = w.invitations[name]
    return a.me is not None and (
        w.is_addressed(i, a.me) or i.inviter == a.me or w.has_role(i.organization, a.me, "admin")
    )


def sends(w: World, a: Actor, i: Invitation) -> bool:
    """Whoever may offer it; readers are others."""
    return a.me is not None and w.may_invite(a.me, i) and (i.document is None or not w.is_addressed(i, a.me))


def manages(w: World, a: Actor, i: Invitation) -> bool:
    """The sender, and of an organization's whoever may send it."""
    return i.inviter == a.me or (i.organization is not None and w.may_invite(a.me, i))


def answers(w: World, a: Actor, name: str) -> bool:
    """The addressee and the sender's side; which of them says what, the table's trigger decides."""
    i = w.invitations[name]
    return a.me is not None and (w.is_addressed(i, a.me) or manages(w, a, i))


def after_status(w: World, a: Actor, i: Invitation, status: str) -> str:
    """What another status gives: addressees decline, senders revoke, nobody accepts by writing the table."""
    if i.status != "pending":
        return "PT409"
    allowed = (status == "declined" and w.is_addressed(i, a.me)) or (status == "revoked" and manages(w, a, i))
    return "1" if allowed else KEPT


def after_accepting(w: World, a: Actor, name: str) -> str:
    """What accept_invitation gives."""
    i = w.invitations.get(name)
    if i is None or not w.is_addressed(i, a.me):
        return "PT404"
    if i.status in ("declined", "revoked"):
        return "PT409"
    if i.status == "accepted":
        return "1"
    if i.expired or i.status == "expired":
        return "PT410"
    return "1" if i.inviter is None or (w.is_open(i.inviter) and w.may_invite(i.inviter, i)) else "PT410"


class Invitations(Table):
    """One row an invitation."""

    key = "id || ' ' || status"
    columns = "status"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(world.invitations)

    def key_of(self, row: Any, world: World) -> str:
        return f"{identity(row)} {world.invitations[row].status}"

    def updates(self, world: World, row: Any, actor: Actor) -> Sequence[Update]:
        found, invitation = [Update(row, "status = status", world)], world.invitations[row]
        for status in STATUSES:
            if status != invitation.status:
                after = world.copy()
                after.invitations[row] = replace(invitation, status=status)
                outcome = after_status(world, actor, invitation, status)
                found.append(Update(row, f"status = '{status}'", after, outcome))
        return found

    def inserts(self, world: World, actor: Actor) -> Sequence[Insert]:
        me = actor.me or "ann"
        offers = [Invitation(me, organization=o, role=r) for o in sorted(world.creators) for r in ("viewer", "owner")]
        offers += [Invitation(me, document=name) for name in sorted(world.documents)[::5]]
        people = sorted({me, "ann", "dan"} & world.people)
        sent = [replace(o, person=p) for o in offers for p in people]
        sent += [replace(o, email_of=p) for o in offers for p in (*people, "stranger")]
        pending = {i.offer for i in world.invitations.values() if i.status == "pending"}
        return [Insert(i, self.insert(i), "23505" if i.offer in pending else "1") for i in sent]

    @staticmethod
    def insert(i: Invitation) -> str:
        """An invitation as people send it."""
        return (
            "(organization_id, role, document_id, email, user_id)"
            f" values ({named(i.organization)}, {quoted(i.role)}, {named(i.document)}, {address(i.email_of)},"
            f" {named(i.person)})"
        )


def statements(world: World) -> Iterable[str]:
    """What puts the world's invitations into a database."""
    for name, i in sorted(world.invitations.items()):
        expiry = "now() - interval '1 hour'" if i.expired else "now() + interval '1 hour'"
        yield (
            "insert into public.invitations"
            " (id, organization_id, role, document_id, email, user_id, status, invited_by, expires_at)"
            f" values ({named(name)}, {named(i.organization)}, {quoted(i.role)}, {named(i.document)},"
            f" {address(i.email_of)}, {named(i.person)}, '{i.status}', {named(i.inviter)}, {expiry})"
        )
