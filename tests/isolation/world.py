"""What the rules are about: people, organizations, documents and products, as plain Python, each with a short name."""

import copy
import uuid
from dataclasses import dataclass, field, replace

NAMESPACE = uuid.UUID("6a2f7a52-2f3c-4b57-9d0e-7f6a4c1d2b30")
ROLES = ("viewer", "editor", "admin", "owner")
VISIBILITIES = ("private", "organization", "public")


def identity(name: str) -> uuid.UUID:
    """The id of the person, organization, document, product or category called `name`."""
    return uuid.uuid5(NAMESPACE, name)


@dataclass(frozen=True)
class Document:
    """A document.

    `passages`: it can be searched; `job`: its embedding is due; `staged`: a part of it is made; `file`: one was read.
    """

    owner: str | None
    organization: str | None
    visibility: str
    passages: bool = False
    job: bool = False
    staged: bool = False
    file: bool = False


@dataclass(frozen=True)
class Product:
    """A product of category `shelf`."""

    active: bool
    passages: bool = False
    job: bool = False
    staged: bool = False


@dataclass(frozen=True)
class Invitation:
    """An offer to a person: a role in an organization, or a document to read."""

    inviter: str | None
    organization: str | None = None
    role: str | None = None
    document: str | None = None
    person: str | None = None  # addressed by account
    email_of: str | None = None  # or by the e-mail address of this person
    status: str = "pending"
    expired: bool = False

    @property
    def offer(self) -> tuple[str | None, ...]:
        """What may be pending once: what is offered, and to whom."""
        return self.organization, self.document, self.person, self.email_of


@dataclass(frozen=True)
class Actor:
    """Who runs a statement: a database role and, for people, who they are."""

    name: str
    role: str = "authenticated"
    staff: bool = False
    demoted: bool = False  # the token says staff, and the account no longer does

    @property
    def me(self) -> str | None:
        """The person, or None for whoever is nobody."""
        return self.name if self.role == "authenticated" else None


@dataclass
class World:
    """All that there is."""

    people: set[str] = field(default_factory=set)
    creators: dict[str, str | None] = field(default_factory=dict)  # organization: who founded it
    memberships: dict[tuple[str, str], str] = field(default_factory=dict)  # (organization, person): role
    documents: dict[str, Document] = field(default_factory=dict)
    shares: set[tuple[str, str]] = field(default_factory=set)  # (document, person)
    publishers: set[str] = field(default_factory=set)  # organizations that may publish
    invitations: dict[str, Invitation] = field(default_factory=dict)
    unverified: set[str] = field(default_factory=set)  # people who have not verified their e-mail address
    products: dict[str, Product] = field(default_factory=dict)
    orders: dict[str, str | None] = field(default_factory=dict)  # order: who bought
    interactions: set[tuple[str, str, str]] = field(default_factory=set)  # (person, product, kind)
    staff: set[str] = field(default_factory=set)  # whose account says so
    banned: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)  # softly: the account is there, and nobody's any more

    def is_open(self, person: str | None) -> bool:
        """Whether the account may do anything; nobody's is never closed."""
        return person is None or self.refusal(person) is None

    def refusal(self, person: str) -> str | None:
        """What functions say to an account that is not open."""
        if person not in self.people or person in self.deleted:
            return "PT401"
        return "PT403" if person in self.banned else None

    def has_role(self, organization: str | None, person: str | None, minimum: str = "viewer") -> bool:
        """Whether `person` has at least this role there."""
        role = self.memberships.get((organization or "", person or ""))
        return role is not None and ROLES.index(role) >= ROLES.index(minimum)

    def owners(self, organization: str) -> set[str]:
        """Who owns it."""
        return {p for (o, p), role in self.memberships.items() if o == organization and role == "owner"}

    def sources(self) -> "dict[str, Document | Product]":
        """Everything that can have passages."""
        return {**self.documents, **self.products}

    def copy(self) -> "World":
        """One that can be changed without changing this."""
        return copy.deepcopy(self)

    def is_addressed(self, invitation: Invitation, person: str | None) -> bool:
        """Whether it is to `person`, by account or by a verified e-mail address."""
        if person is None:
            return False
        return invitation.person == person or (invitation.email_of == person and person not in self.unverified)

    def may_invite(self, person: str | None, sent: Invitation) -> bool:
        """Whether `person` may send it: admins invite, only owners invite owners, authors invite readers."""
        if sent.organization is not None:
            return self.has_role(sent.organization, person, "owner" if sent.role == "owner" else "admin")
        document = self.documents[sent.document or ""]
        if person is None or document.owner != person:
            return False
        return (
            document.organization is None
            or document.visibility == "private"
            or self.has_role(document.organization, person, "editor")
        )

    # What happens by itself when something is done -----------------------------------------------------------------

    def accept(self, name: str, person: str) -> None:
        """The offer becomes true; a role is never lowered."""
        invitation = self.invitations[name]
        self.invitations[name] = replace(invitation, status="accepted")
        if invitation.organization is not None:
            if not self.has_role(invitation.organization, person, invitation.role or ""):
                self.memberships[invitation.organization, person] = invitation.role or ""
        elif self.documents[invitation.document or ""].owner != person:
            self.shares.add((invitation.document or "", person))

    def revoke_invitations(self, organization: str, person: str) -> None:
        """What somebody may not offer any more is void."""
        for name, sent in self.invitations.items():
            theirs = (sent.inviter, sent.organization, sent.status) == (person, organization, "pending")
            if theirs and not self.may_invite(person, sent):
                self.invitations[name] = replace(sent, status="revoked")

    def found(self, organization: str, person: str) -> None:
        """Its founder owns a new organization."""
        self.creators[organization] = person
        self.memberships[organization, person] = "owner"

    def end_membership(self, organization: str, person: str) -> None:
        """Who leaves takes private documents along, loses shares of the others, and is no longer the creator."""
        del self.memberships[organization, person]
        self.return_drafts(organization, person)
        self.shares -= {
            (d, p)
            for d, p in self.shares
            if p == person
            and self.documents[d].organization == organization
            and self.documents[d].visibility != "private"
        }
        if self.creators[organization] == person:
            self.creators[organization] = None
        self.revoke_invitations(organization, person)

    def change_role(self, organization: str, person: str, role: str) -> None:
        """Who may no longer write takes private documents along."""
        could_write = self.has_role(organization, person, "editor")
        self.memberships[organization, person] = role
        if could_write and not self.has_role(organization, person, "editor"):
            self.return_drafts(organization, person)
        self.revoke_invitations(organization, person)

    def return_drafts(self, organization: str, person: str) -> None:
        """Private documents filed in the organization become personal."""
        for name, document in self.documents.items():
            if (document.owner, document.organization, document.visibility) == (person, organization, "private"):
                self.documents[name] = replace(document, organization=None)

    def remove_document(self, name: str) -> None:
        """Its shares go with it, and invitations to read it."""
        del self.documents[name]
        self.invitations = {i: sent for i, sent in self.invitations.items() if sent.document != name}
        self.shares = {(d, p) for d, p in self.shares if d != name}

    def remove_organization(self, organization: str) -> None:
        """Its documents go with it, but for private ones, which become their owners'."""
        for name, document in list(self.documents.items()):
            if document.organization == organization:
                if document.visibility == "private":
                    self.documents[name] = replace(document, organization=None)
                else:
                    self.remove_document(name)
        self.memberships = {key: role for key, role in self.memberships.items() if key[0] != organization}
        self.invitations = {i: sent for i, sent in self.invitations.items() if sent.organization != organization}
        self.publishers.discard(organization)
        del self.creators[organization]

    def members(self, organization: str) -> dict[str, str]:
        """Who belongs to it, in which role."""
        return {p: role for (o, p), role in self.memberships.items() if o == organization}

    def delete_softly(self, person: str) -> None:
        """Everything goes as with the account, which stays."""
        self.remove_person(person)
        self.people.add(person)
        self.deleted.add(person)

    def remove_person(self, person: str) -> None:
        """What is personal goes with the account; the organization's documents stay, and orders, without a name."""
        for organization in [o for o in self.creators if self.members(o).keys() == {person}]:
            self.remove_organization(organization)
        for name, document in list(self.documents.items()):
            if document.owner == person:
                if document.organization is None or document.visibility == "private":
                    self.remove_document(name)
                else:
                    self.documents[name] = replace(document, owner=None)
        for organization, member in list(self.memberships):
            if member == person:
                del self.memberships[organization, member]
        self.creators = {o: None if creator == person else creator for o, creator in self.creators.items()}
        self.shares = {(d, p) for d, p in self.shares if p != person}
        self.invitations = {i: sent for i, sent in self.invitations.items() if sent.inviter != person}
        self.orders = {o: None if buyer == person else buyer for o, buyer in self.orders.items()}
        self.interactions = {did for did in self.interactions if did[0] != person}
        self.people.discard(person)
        self.deleted.discard(person)
