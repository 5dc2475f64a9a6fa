"""THE SPECIFICATION: who may do what to which row, written from the access matrix in docs/access.md, not from policies.

One entry for every table and view; the prover fails for one that has none. `RULES[table]` has a predicate per action,
asked with the world, the actor and the row; an action without one is nobody's. `GRANTS[table]` has the columns that
each database role may read and write at all; a role without an entry has no right to the table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.isolation import invitations, orders, recommendations
from tests.isolation.world import Actor, Document, World

INTERNAL = (
    *("chunk_counts", "posted_chunks", "chunks_to_post", "posting_segments", "postings", "vocabulary", "scope_indexes"),
    *("product_words", "settings", "limits", "rights_lost", "secrets", "removals"),
    *("document_usage", "sent_invitations", "posted_words", "file_jobs"),
    *orders.INTERNAL,
    *recommendations.INTERNAL,
)

Predicate = Callable[[World, Actor, Any], bool]
Change = Callable[[World, Actor, Any, Any], bool]


def nobody(_world: World, _actor: Actor, _row: Any) -> bool:
    """No row."""
    return False


def anybody(_world: World, _actor: Actor, _row: Any) -> bool:
    """Every row, for whoever has the right to the table."""
    return True


def staff(_world: World, actor: Actor, _row: Any) -> bool:
    """Every row, for staff."""
    return actor.staff


@dataclass(frozen=True)
class Rules:
    """Who sees, adds, changes and removes a row. `update` asks of the row as it is, `into` of what it would become."""

    select: Predicate = nobody
    insert: Predicate = nobody
    update: Predicate = nobody
    into: Change = lambda _w, _a, _old, _new: True
    delete: Predicate = nobody


# Documents: an organization's belong to its editors, personal and private ones to their owner -----------------------


def reads(w: World, a: Actor, name: str) -> bool:
    """Published ones everybody, an organization's its members, private ones their owner; and those shared with one."""
    if a.role == "tidegate_worker":
        return w.documents[name].job
    d = w.documents[name]
    return (
        (d.visibility == "public" and (d.organization is None or d.organization in w.publishers))
        or (d.visibility == "private" and a.me is not None and d.owner == a.me)
        or (d.visibility != "private" and w.has_role(d.organization, a.me))
        or (name, a.me) in w.shares
    )


def writes(w: World, a: Actor, name: str) -> bool:
    """One's own personal and private documents, and as an editor the organization's."""
    if a.role == "tidegate_worker":
        return w.documents[name].job
    d = w.documents[name]
    if d.organization is None or d.visibility == "private":
        return a.me is not None and d.owner == a.me
    return w.has_role(d.organization, a.me, "editor")


def files(w: World, a: Actor, d: Document) -> bool:
    """A new document is one's own, and is filed only where one is an editor."""
    return d.owner == a.me and (d.organization is None or w.has_role(d.organization, a.me, "editor"))


def may_become(w: World, a: Actor, _old: str, d: Document) -> bool:
    """Personal ones stay their owner's; filed ones go where one is an editor; nobody hides a colleague's."""
    if a.role == "tidegate_worker":
        return True
    if d.organization is None:
        return d.owner == a.me
    return w.has_role(d.organization, a.me, "editor") and (d.visibility != "private" or d.owner == a.me)


def manages_shares(w: World, a: Actor, name: str) -> bool:
    """The owner of a personal or private document, the author who is still a member, and the organization's admins."""
    d = w.documents[name]
    if d.organization is None or d.visibility == "private":
        return a.me is not None and d.owner == a.me
    return w.has_role(d.organization, a.me, "admin") or (d.owner == a.me and w.has_role(d.organization, a.me))


# Passages, vectors and files: as what they are of -------------------------------------------------------------------


def reads_source(w: World, a: Actor, name: str) -> bool:
    """As the document or the product."""
    if name in w.documents:
        return reads(w, a, name)
    return w.products[name].job if a.role == "tidegate_worker" else w.products[name].active or a.staff


def is_worker_with_job(w: World, a: Actor, name: str) -> bool:
    """The worker, while the source waits to be embedded."""
    source = w.documents.get(name) or w.products[name]
    return a.role == "tidegate_worker" and source.job


# People and organizations -------------------------------------------------------------------------------------------


def manages(w: World, a: Actor, row: tuple[str, str, str]) -> bool:
    """Admins manage people, but only owners touch owners."""
    organization, _person, role = row
    return w.has_role(organization, a.me, "owner" if role == "owner" else "admin")


_PASSAGES = Rules(
    select=reads_source,
    insert=is_worker_with_job,
    update=is_worker_with_job,
    into=lambda w, a, _old, new: is_worker_with_job(w, a, new),
    delete=is_worker_with_job,
)


def for_open_accounts(rules: Rules) -> Rules:
    """The same, and nothing at all for accounts that are banned, softly deleted or gone."""
    return Rules(
        select=lambda w, a, row: w.is_open(a.me) and rules.select(w, a, row),
        insert=lambda w, a, row: w.is_open(a.me) and rules.insert(w, a, row),
        update=lambda w, a, row: w.is_open(a.me) and rules.update(w, a, row),
        into=rules.into,
        delete=lambda w, a, row: w.is_open(a.me) and rules.delete(w, a, row),
    )


_RULES: Mapping[str, Rules] = {
    "public.profiles": Rules(
        select=lambda _w, a, person: person == a.me or a.staff,
        update=lambda _w, a, person: person == a.me,
    ),
    "public.organizations": Rules(
        select=lambda w, a, o: w.has_role(o, a.me) or (a.me is not None and w.creators[o] == a.me),
        insert=lambda _w, a, _o: a.me is not None,
        update=lambda w, a, o: w.has_role(o, a.me, "admin"),
        delete=lambda w, a, o: w.has_role(o, a.me, "owner"),
    ),
    "public.memberships": Rules(
        select=lambda w, a, m: w.has_role(m[0], a.me),
        update=manages,
        into=lambda w, a, _old, new: manages(w, a, new),
        delete=lambda w, a, m: m[1] == a.me or manages(w, a, m),
    ),
    "public.currencies": Rules(select=anybody),
    "public.categories": Rules(select=anybody, insert=staff, update=staff, delete=staff),
    "public.products": Rules(
        select=reads_source,
        insert=staff,
        update=lambda w, a, p: a.staff or is_worker_with_job(w, a, p),
        delete=staff,
    ),
    "public.documents": Rules(select=reads, insert=files, update=writes, into=may_become, delete=writes),
    "public.document_shares": Rules(
        select=lambda w, a, s: s[1] == a.me or manages_shares(w, a, s[0]),
        delete=lambda w, a, s: s[1] == a.me or manages_shares(w, a, s[0]),
    ),
    "public.invitations": Rules(
        select=invitations.sees,
        insert=invitations.sends,
        update=invitations.answers,
        delete=invitations.answers,
    ),
    "public.document_files": Rules(select=reads_source),
    "public.file_texts": Rules(select=reads_source),
    "public.chunks": _PASSAGES,
    "public.chunk_embeddings": _PASSAGES,
    "public.orders": Rules(select=orders.reads_order),
    "public.order_items": Rules(select=orders.reads_order),
    "public.interactions": Rules(select=recommendations.did, insert=recommendations.may_do),
    "public.product_popularity": Rules(select=recommendations.rated),
    "private.embedding_models": Rules(select=anybody),
    "private.embedding_jobs": Rules(select=anybody, update=anybody, delete=anybody),
    "private.staged_embeddings": Rules(select=anybody, insert=anybody),
    # What search keeps for itself: functions read it for the caller's own audiences, triggers and the worker's fill it.
    **{f"private.{table}": Rules() for table in INTERNAL},
    "storage.objects": Rules(reads, writes, writes, into=lambda w, a, _old, new: writes(w, a, new), delete=writes),
    "storage.buckets": Rules(),
}
RULES: Mapping[str, Rules] = {table: for_open_accounts(rules) for table, rules in _RULES.items()}

PEOPLE, VISITORS, WORKER = "authenticated", "anon", "tidegate_worker"
ALL = "*"
_PRODUCT = "id category_id sku name description price currency stock is_active language metadata"
_DOCUMENT = "id organization_id visibility title content language source_uri metadata"

# table: role: action: columns; delete has none, so that it is there or not.
GRANTS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "public.profiles": {PEOPLE: {"select": ALL, "update": "display_name phone"}},
    "public.organizations": {PEOPLE: {"select": ALL, "insert": "name slug", "update": "name slug", "delete": ALL}},
    "public.memberships": {
        PEOPLE: {
            "select": ALL,
            "update": "role",
            "delete": ALL,
        }
    },
    "public.currencies": {VISITORS: {"select": ALL}, PEOPLE: {"select": ALL}},
    "public.categories": {
        VISITORS: {"select": ALL},
        PEOPLE: {
            "select": ALL,
            "insert": "id slug name description",
            "update": "id slug name description",
            "delete": ALL,
        },
    },
    "public.products": {
        VISITORS: {"select": ALL},
        PEOPLE: {"select": ALL, "insert": _PRODUCT, "update": _PRODUCT, "delete": ALL},
        WORKER: {"select": ALL, "update": "updated_at"},
    },
    "public.documents": {
        VISITORS: {"select": ALL},
        PEOPLE: {"select": ALL, "insert": f"{_DOCUMENT} owner_id", "update": _DOCUMENT, "delete": ALL},
        WORKER: {"select": ALL, "update": "language unread_by_model status error chunks_done chunks_total"},
    },
    "public.document_shares": {PEOPLE: {"select": ALL, "delete": ALL}},
    "public.invitations": {
        PEOPLE: {
            "select": ALL,
            "insert": "organization_id role document_id email user_id",
            "update": "status",
            "delete": ALL,
        }
    },
    "public.document_files": {VISITORS: {"select": ALL}, PEOPLE: {"select": ALL}, WORKER: {"select": ALL}},
    "public.file_texts": {VISITORS: {"select": ALL}, PEOPLE: {"select": ALL}, WORKER: {"select": ALL}},
    "public.chunks": {
        VISITORS: {"select": ALL},
        PEOPLE: {"select": ALL},
        WORKER: {"select": ALL, "insert": ALL, "update": ALL, "delete": ALL},
    },
    "public.chunk_embeddings": {
        VISITORS: {"select": ALL},
        PEOPLE: {"select": ALL},
        WORKER: {"select": ALL, "insert": ALL, "update": ALL, "delete": ALL},
    },
    **orders.GRANTS,
    "public.interactions": {PEOPLE: recommendations.INTERACTION_GRANTS},
    "public.product_popularity": {VISITORS: {"select": ALL}, PEOPLE: {"select": ALL}},
    "private.embedding_models": {WORKER: {"select": ALL}},
    "private.embedding_jobs": {
        WORKER: {"select": ALL, "update": "attempts available_at failed_at last_error turn turn_ends", "delete": ALL}
    },
    "private.staged_embeddings": {WORKER: {"select": ALL, "insert": "source_id model_id input_hash embedding"}},
    **{f"private.{table}": {} for table in INTERNAL},
    # Supabase grants its Storage tables to every role of the API; row level security alone pipelines them.
    "storage.objects": {
        role: {"select": ALL, "insert": ALL, "update": ALL, "delete": ALL} for role in (VISITORS, PEOPLE)
    },
    "storage.buckets": {
        role: {"select": ALL, "insert": ALL, "update": ALL, "delete": ALL} for role in (VISITORS, PEOPLE)
    },
}


def granted(table: str, action: str, actor: Actor) -> bool:
    """Whether the actor's database role has the right at all."""
    return action in GRANTS[table].get(actor.role, {})
