"""What people do with invitations in a history: send, accept, decline, revoke and remove them."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.isolation.history import History
from tests.isolation.invitations import Invitations, after_accepting, after_status
from tests.isolation.matrix import REFUSED
from tests.isolation.opening import ACTORS, ADDRESSEE, actors, addressees, letters, organizations, readers, titles
from tests.isolation.probes import named
from tests.isolation.world import ROLES, Invitation


class Letters(History):
    """The steps that are about invitations."""

    @rule(actor=actors, letter=letters, organization=organizations, role=st.sampled_from(ROLES), to=addressees)
    def invite_member(self, actor: str, letter: str, organization: str, role: str, to: tuple[str, str]) -> None:
        """Somebody invites a member, or another owner."""
        self.send(actor, letter, Invitation(ACTORS[actor].me, organization=organization, role=role), to)

    @rule(actor=actors, letter=letters, title=titles, to=addressees)
    def invite_reader(self, actor: str, letter: str, title: str, to: tuple[str, str]) -> None:
        """Somebody invites one more person to read a document."""
        self.send(actor, letter, Invitation(ACTORS[actor].me, document=title), to)

    def send(self, actor: str, letter: str, offer: Invitation, to: tuple[str, str]) -> None:
        """Send an invitation, unless there is one of that name."""
        w = self.world
        if letter in w.invitations:
            return
        by, person = to
        sent = replace(offer, person=person) if by == "person" else replace(offer, email_of=person)
        there = sent.organization in w.creators or sent.document in w.documents
        allowed = there and self.may("insert", "public.invitations", actor, sent)
        pending = {i.offer for i in w.invitations.values() if i.status == "pending"}
        wanted = "23505" if sent.offer in pending else "1"
        with self.prover.choosing(letter):
            statement = f"insert into public.invitations {Invitations.insert(sent)}"
            done = self.step(actor, statement, wanted if allowed else REFUSED)
        if done:
            w.invitations[letter] = sent

    @rule(
        reader=readers, letter=letters, deed=st.sampled_from(["accept", "accept", "declined", "revoked", "throw away"])
    )
    def handle(self, reader: str, letter: str, deed: str) -> None:
        """Somebody, more often than not the addressee, does something with an invitation."""
        sent = self.world.invitations.get(letter)
        addressee = (sent.person or sent.email_of or reader) if sent is not None else reader
        actor = addressee if reader == ADDRESSEE and addressee in ACTORS else "ann" if reader == ADDRESSEE else reader
        if deed == "accept":
            self.accept(actor, letter)
        elif deed == "throw away":
            self.throw_away(actor, letter)
        elif sent is None or sent.status != deed:
            self.answer(actor, letter, deed)

    def accept(self, actor: str, letter: str) -> None:
        """Somebody accepts an invitation, perhaps once more."""
        w, who = self.world, ACTORS[actor]
        wanted = w.refusal(who.me) or after_accepting(w, who, letter) if who.me else REFUSED
        done = self.step(actor, f"select public.accept_invitation({named(letter)})", wanted)
        if done and w.invitations[letter].status == "pending":
            w.accept(letter, who.name)

    def answer(self, actor: str, letter: str, status: str) -> None:
        """Somebody declines or revokes an invitation."""
        w, sent = self.world, self.world.invitations.get(letter)
        wanted = self.write(actor, "public.invitations", "update", letter if sent else None)
        if wanted == "1" and sent is not None:
            wanted = after_status(w, ACTORS[actor], sent, status)
        statement = f"update public.invitations set status = '{status}' where id = {named(letter)}"
        if self.step(actor, statement, wanted) and sent is not None:
            w.invitations[letter] = replace(sent, status=status)

    def throw_away(self, actor: str, letter: str) -> None:
        """Somebody removes an invitation."""
        row = letter if letter in self.world.invitations else None
        wanted = self.write(actor, "public.invitations", "delete", row)
        if self.step(actor, f"delete from public.invitations where id = {named(letter)}", wanted):
            del self.world.invitations[letter]

    @rule(actor=actors, organization=organizations)
    def take_over(self, actor: str, organization: str) -> None:
        """Somebody takes over an organization, which must have lost its owner."""
        w, who = self.world, ACTORS[actor]
        members = w.members(organization)
        if who.me is None:
            wanted = REFUSED
        elif refusal := w.refusal(who.me):
            wanted = refusal
        elif who.me not in members:
            wanted = "PT404"
        elif w.owners(organization):
            wanted = "PT409"
        else:
            highest = max(members.values(), key=ROLES.index)
            wanted = "1" if members[who.me] == highest else "PT403"
        if self.step(actor, f"select public.take_over_organization({named(organization)})", wanted):
            w.memberships[organization, who.name] = "owner"
