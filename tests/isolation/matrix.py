"""Every table, every action, every actor, every row: what the specification says beside what the database does."""

from collections.abc import Iterable, Iterator

from tests.isolation.database import Prover
from tests.isolation.probes import Insert, Update, Upsert
from tests.isolation.rules import RULES, granted
from tests.isolation.tables import TABLES
from tests.isolation.world import Actor, Document, Invitation, Product, World

REFUSED = "42501"
ACTIONS = ("select", "insert", "update", "delete", "upsert")

ACTORS = (
    Actor("anonymous", role="anon"),
    Actor("ann"),  # owns harbour
    Actor("oli"),  # owns harbour as well, editor of meadow
    Actor("bob"),  # admin of harbour
    Actor("cat"),  # editor of harbour
    Actor("dan"),  # viewer of harbour
    Actor("mia"),  # editor of harbour, viewer of meadow
    Actor("eve"),  # owns meadow alone
    Actor("fay"),  # was an editor of harbour, and left
    Actor("gus", demoted=True),  # belongs nowhere, was staff; some documents are shared with gus
    Actor("sam", staff=True),
    Actor("zoe"),  # admin of harbour, and banned
    Actor("yan", staff=True),  # staff, softly deleted
    Actor("xav"),  # the account is gone, the token is not
    Actor("worker", role="tidegate_worker"),
    Actor("gateway", role="tidegate_gateway"),
)


def world() -> World:
    """Two tenants, their people, and a document of every person, place and visibility, of former members too."""
    people = {actor.name for actor in ACTORS if actor.me is not None} - {"xav"}
    w = World(people=people, staff={"sam", "yan"}, banned={"zoe"}, deleted={"yan"})
    w.creators = {"harbour": "ann", "meadow": "eve"}
    for person, role in {"ann": "owner", "oli": "owner", "bob": "admin", "cat": "editor", "dan": "viewer"}.items():
        w.memberships["harbour", person] = role
    w.memberships["meadow", "oli"] = "editor"
    w.memberships |= {("harbour", "mia"): "editor", ("meadow", "mia"): "viewer", ("meadow", "eve"): "owner"}
    w.memberships["harbour", "zoe"] = "admin"
    places: list[tuple[str | None, str]] = [(None, "private"), (None, "public")]
    places += [(o, v) for o in ("harbour", "meadow") for v in ("private", "organization", "public")]
    for person in sorted(w.people - {"oli", "sam", "zoe", "yan"}):
        for number, (place, visibility) in enumerate(places):
            w.documents[f"{person}'s {visibility} in {place or 'no place'}"] = Document(
                person, place, visibility, passages=number % 2 == 0, job=number % 3 == 0, file=number % 4 < 3
            )
    w.documents["zoe's diary"] = Document("zoe", None, "private", passages=True, file=True)
    for place in ("harbour", "meadow"):
        w.documents[f"nobody's in {place}"] = Document(None, place, "organization", passages=True)
    for name, document in w.documents.items():
        if document.owner in ("ann", "eve", "fay"):
            w.shares |= {(name, "gus"), (name, "cat" if document.owner == "eve" else "dan")}
    w.publishers = {"harbour"}
    w.unverified = {"fay"}
    w.invitations = {
        "gus into harbour": Invitation("ann", "harbour", "viewer", person="gus"),
        "gus by e-mail": Invitation("bob", "harbour", "editor", email_of="gus"),
        "fay by e-mail": Invitation("bob", "harbour", "viewer", email_of="fay"),
        "nobody by e-mail": Invitation("eve", "meadow", "viewer", email_of="stranger"),
        "cat as an owner": Invitation("ann", "harbour", "owner", person="cat"),
        "bob as an owner": Invitation("oli", "harbour", "owner", email_of="bob"),
        "late": Invitation("eve", "meadow", "viewer", person="cat", expired=True),
        "declined": Invitation("eve", "meadow", "viewer", person="dan", status="declined"),
        "accepted": Invitation("ann", "harbour", "viewer", person="dan", status="accepted"),
        "revoked": Invitation("bob", "harbour", "viewer", email_of="gus", status="revoked"),
        "sent by nobody": Invitation(None, "meadow", "owner", person="ann"),
        "to read": Invitation("cat", document="cat's private in harbour", person="gus"),
        "to read by e-mail": Invitation("cat", document="cat's organization in harbour", email_of="eve"),
        "sent before leaving": Invitation("fay", document="fay's organization in harbour", person="eve"),
    }
    w.shares.add(("eve's private in no place", "zoe"))
    w.products = {
        "lamp": Product(active=True, passages=True),
        "rope": Product(active=True, passages=True, job=True, staged=True),
        "oil": Product(active=False, passages=True),
        "tar": Product(active=False, job=True),
    }
    w.orders = {
        "ann's order": "ann",
        "gus's order": "gus",
        "sam's order": "sam",
        "old order": None,
        "zoe's order": "zoe",
    }
    w.interactions = {
        ("ann", "lamp", "view"),
        ("ann", "oil", "cart"),
        ("eve", "lamp", "purchase"),
        ("sam", "rope", "view"),
        ("zoe", "lamp", "view"),
    }
    return w


Expected = tuple[str, str, set[str]]  # what is tried, the statement, what it may give
Known = dict[tuple[str, str, str], list[Expected]]  # actor, table, action: the probes, for a world that stays as it is


def expected_keys(w: World, actor: Actor, table: str) -> set[str] | str:
    """What a select of the whole table must give."""
    if not granted(table, "select", actor):
        return REFUSED
    return {TABLES[table].key_of(row, w) for row in TABLES[table].rows(w) if RULES[table].select(w, actor, row)}


def inserts(w: World, actor: Actor, table: str) -> Iterator[Expected]:
    """What each new row must give."""
    for one in TABLES[table].inserts(w, actor):
        yield (
            f"insert {one.row}",
            f"insert into {table} {one.statement}",
            refusals(w, actor, table, after_insert(w, actor, table, one)),
        )


def refusals(w: World, actor: Actor, table: str, outcome: str) -> set[str]:
    """What is as good: a trigger that sees nothing for a closed account may refuse before the policies do."""
    earlier = TABLES[table].refused_earlier if outcome == REFUSED and not w.is_open(actor.me) else ()
    return {outcome, *earlier}


def after_insert(w: World, actor: Actor, table: str, one: Insert) -> str:
    """What a new row gives: refused, in conflict with another, or there."""
    if one.first and granted(table, "insert", actor):
        return one.first
    allowed = granted(table, "insert", actor) and RULES[table].insert(w, actor, one.row)
    return one.conflict if allowed else REFUSED


def updates(w: World, actor: Actor, table: str) -> Iterator[Expected]:
    """What each change of each row must give."""
    asked = TABLES[table]
    for row in asked.rows(w):
        for one in asked.updates(w, row, actor):
            statement = f"update {table} set {one.clause} where {asked.where(row)}"
            yield f"update {row}: {one.clause}", statement, {after_update(w, actor, table, row, one)}
    # PostgreSQL asks the policies for reading only where a statement reads: this one does not.
    if clause := asked.worker_blind if actor.role == "tidegate_worker" and asked.worker_blind else asked.blind:
        yield "update whatever there is", f"update {table} set {clause}", {after_blind_update(w, actor, table)}
    for one in asked.blind_moves(w):
        if not (granted(table, "update", actor) and RULES[table].into(w, actor, None, one.new)):
            yield f"move all to {one.new}", f"update {table} set {one.clause}", {REFUSED}


def after_blind_update(w: World, actor: Actor, table: str) -> str:
    """How many rows a change of all of them reaches; refused when one of them may not stay as it is."""
    asked, rules = TABLES[table], RULES[table]
    if not granted(table, "update", actor):
        return REFUSED
    reached = [row for row in asked.rows(w) if rules.update(w, actor, row)]
    same = [w.documents[row] if table == "public.documents" else row for row in reached]
    stay = all(rules.into(w, actor, row, new) for row, new in zip(reached, same, strict=True))
    return str(len(reached)) if stay else REFUSED


def after_update(w: World, actor: Actor, table: str, row: object, one: Update) -> str:
    """What a change gives: no row, refused, or the row changed; a changed row must still be one's to see."""
    rules = RULES[table]
    if not granted(table, "update", actor):
        return REFUSED
    if not (rules.update(w, actor, row) and rules.select(w, actor, row)):
        return "0"
    if one.first:
        return one.first
    # A passage or a file that moves is seen as its new source is; other rows stay what they are, in another world.
    moves = table in ("storage.objects", "public.chunks", "public.chunk_embeddings")
    seen = rules.select(w, actor, one.new) if moves else rules.select(one.after, actor, row)
    return one.outcome if rules.into(w, actor, row, one.new) and seen else REFUSED


def deletes(w: World, actor: Actor, table: str) -> Iterator[Expected]:
    """What removing each row must give."""
    asked, rules = TABLES[table], RULES[table]
    for row in asked.rows(w):
        if not granted(table, "delete", actor):
            outcomes = {REFUSED}
        elif rules.delete(w, actor, row) and rules.select(w, actor, row):
            outcomes = asked.delete_outcomes(w, row, actor)
        else:
            outcomes = {"0"}
        yield f"delete {row}", f"delete from {table} where {asked.where(row)}", outcomes
    if not asked.is_view:
        yield "delete whatever there is", f"delete from {table}", after_blind_delete(w, actor, table)


def after_blind_delete(w: World, actor: Actor, table: str) -> set[str]:
    """How many rows go when none is named; what keeps one of them keeps all."""
    asked, rules = TABLES[table], RULES[table]
    if not granted(table, "delete", actor):
        return {REFUSED}
    reached = [row for row in asked.rows(w) if rules.delete(w, actor, row)]
    return asked.delete_all_outcomes(w, reached, actor)


def upserts(w: World, actor: Actor, table: str) -> Iterator[Expected]:
    """What each upsert must give; PostgreSQL refuses one whose existing row may not be changed, rather than skip it."""
    for one in TABLES[table].upserts(w, actor):
        yield (
            f"upsert {one.existing}",
            f"insert into {table} {one.statement}",
            refusals(w, actor, table, after_upsert(w, actor, table, one)),
        )


def after_upsert(w: World, actor: Actor, table: str, one: Upsert) -> str:
    """What an upsert gives."""
    rules = RULES[table]
    if one.first and granted(table, "insert", actor):
        return one.first
    allowed = (
        granted(table, "insert", actor)
        and granted(table, "update", actor)
        and rules.insert(w, actor, one.proposed)
        and rules.update(w, actor, one.existing)
        and rules.select(w, actor, one.existing)
        and rules.into(w, actor, one.existing, one.new)
    )
    return one.outcome if allowed else REFUSED


PROBES = {"insert": inserts, "update": updates, "delete": deletes, "upsert": upserts}


def disagreements(
    prover: Prover,
    w: World,
    table: str,
    actors: Iterable[Actor] = ACTORS,
    actions: Iterable[str] = ACTIONS,
    *,
    known: Known | None = None,
) -> list[str]:
    """Where the database does not do what the specification says, a sentence each; `w` is what is in the database.

    `known` spares whoever asks again and again the making of the same probes.
    """
    found = []
    known = {} if known is None else known
    for actor in actors:
        if "select" in actions:
            (seen,), wanted = prover.keys(actor, [table]), expected_keys(w, actor, table)
            if seen != wanted:
                found.append(f"{actor.name} selects {table}: {difference(w, table, seen, wanted)}")
        for action in PROBES.keys() & set(actions):
            key = (actor.name, table, action)
            probes = known[key] if key in known else known.setdefault(key, list(PROBES[action](w, actor, table)))
            outcomes = prover.attempt(actor, [statement for _, statement, _ in probes])
            found += [
                f"{actor.name} in {table}: {what}: {outcome}, not {' or '.join(sorted(wanted_outcomes))}"
                for (what, _, wanted_outcomes), outcome in zip(probes, outcomes, strict=True)
                if outcome not in wanted_outcomes
            ]
    return found


def difference(w: World, table: str, seen: set[str] | str, wanted: set[str] | str) -> str:
    """What was seen too much or too little, by name."""
    if isinstance(seen, str) or isinstance(wanted, str):
        return f"{seen}, not {wanted}"
    names = {TABLES[table].key_of(row, w): str(row) for row in TABLES[table].rows(w)}
    more = sorted(names.get(key, key) for key in seen - wanted)
    less = sorted(names.get(key, key) for key in wanted - seen)
    return f"too many {more}, too few {less}"
