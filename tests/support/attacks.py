"""An attack on functions that run as their owner: temporary objects that carry the names which they use.

The catalog drives it: the functions, their arguments and every name in their bodies are read from there, so that a
function that is added tomorrow is attacked as well. An attack has worked when an evil object runs as anybody but its
maker, or when a function that runs as its owner does not do what it did without them.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from tests.support.databases import Database

KINDS = ("domains", "types and casts", "views", "tables", "functions and operators")
# Most values that are tried for one argument.
VARIANTS = 6
# Connections over which evil types are spread.
TURNS = 8
MARK = "evil as "
# No right to it, and no such function: it was not reached.
REFUSALS = ("42501", "42883")

CALLABLE = """
    select format('%%I.%%I', n.nspname, p.proname) as name, p.oid::bigint, p.prosecdef as is_definer
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'private')
      and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
      and has_function_privilege(%(role)s, p.oid, 'execute')
      and has_schema_privilege(%(role)s, p.pronamespace, 'usage')
      and not exists (select from pg_catalog.pg_depend d where d.objid = p.oid and d.deptype = 'e')
    order by 1"""
ARGUMENTS = """
    select coalesce(p.proargnames[a.n], ''), format_type(a.type, null)
    from pg_catalog.pg_proc p cross join unnest(p.proargtypes) with ordinality a (type, n)
    where p.oid = %s order by a.n"""
BODIES = """
    select p.prosrc from pg_catalog.pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace, 'auth'::regnamespace)"""
TYPES = """
    select distinct on (t.typname) t.typname, format('%%I.%%I', n.nspname, t.typname) from pg_catalog.pg_type t
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where n.nspname in ('pg_catalog', 'public', 'private', 'extensions') and t.typtype <> 'p'
      and t.typname = any (%s) and t.typname !~ '^_'
    order by t.typname, n.nspname = 'pg_catalog' desc"""
BUILT_IN_FUNCTIONS = """
    select p.proname, pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid)
    from pg_catalog.pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' and not p.proretset
      and p.prorettype <> 'internal'::regtype and p.proname = any (%s)"""
BUILT_IN_OPERATORS = """
    select o.oprname, nullif(o.oprleft, 0)::regtype::text, o.oprright::regtype::text, o.oprresult::regtype::text
    from pg_catalog.pg_operator o
    where o.oprnamespace = 'pg_catalog'::regnamespace and o.oprkind = 'b'
      and o.oprleft = any ('{uuid,text,integer,bigint,numeric,jsonb,boolean,float8,timestamptz,uuid[]}'::regtype[])"""
# What the evil objects run. It says so and goes on, so that everything behind it is reached too.
EVIL = """
    create function pg_temp.evil_of(value anyelement) returns boolean language plpgsql as
      $$ begin raise warning 'evil as %', current_user; return true; end $$;
    create function pg_temp.evil() returns integer language plpgsql as
      $$ begin raise warning 'evil as %', current_user; return 1; end $$;
    create function pg_temp.evil_row() returns trigger language plpgsql as
      $$ begin raise warning 'evil as %', current_user; return null; end $$"""
CAST_FROM = ("text", "uuid", "jsonb", "int4", "int8", "numeric", "float8", "_uuid", "_text")
# Types that SQL spells otherwise than the catalog.
SPELT = {"integer": "int4", "bigint": "int8", "smallint": "int2", "boolean": "bool"}


@dataclass(frozen=True)
class Persona:
    """What somebody with the password of `login` makes of it: a role that they become, with any claims they like."""

    login: str
    role: str | None = None
    claims: str = ""

    @property
    def acts_as(self) -> str:
        """The role whose rights count."""
        return self.role or self.login


@dataclass(frozen=True)
class Call:
    """A statement of a persona, the function or the scene that it is, and whether that function runs as its owner."""

    persona: Persona
    statement: str
    name: str
    is_definer: bool = False


@dataclass
class Attack:
    """What was tried on one connection, and what worked."""

    connection: psycopg.Connection[Any]
    objects: int = 0
    calls: int = 0
    reached: set[str] = field(default_factory=set)
    breaches: list[str] = field(default_factory=list)
    _now: Call | None = None

    def heed(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        """Hear what an evil object says."""
        said = diagnostic.message_primary or ""
        if said.startswith(MARK) and self._now is not None and said != MARK + self._now.persona.acts_as:
            self.breaches.append(f"{said}, by {self._now.name}")

    def attempt(self, call: Call) -> str:
        """Make a call and undo it; what came of it: nothing that is worth mentioning, or the error."""
        self._now, self.calls = call, self.calls + 1
        with self.connection.transaction(force_rollback=True):
            self._become(call.persona)
            try:
                self.connection.execute(call.statement.encode())
            except psycopg.Error as error:
                if error.sqlstate not in REFUSALS:
                    self.reached.add(call.name)
                return f"{error.sqlstate} {error.diag.message_primary}"
        self.reached.add(call.name)
        return "done"

    def _become(self, persona: Persona) -> None:
        self.connection.execute("select set_config('request.jwt.claims', %s, true)", (persona.claims,))
        if persona.role:
            self.connection.execute(sql.SQL("set local role {}").format(sql.Identifier(persona.role)))


@contextmanager
def planted(database: Database, login: str, statements: Iterable[str]) -> Iterator[Attack]:
    """A connection of `login` with the evil objects that these statements make."""
    with database.connect(login) as connection:
        attack = Attack(connection)
        connection.add_notice_handler(attack.heed)
        connection.execute("set client_min_messages = warning")
        connection.execute(EVIL.encode())
        for statement in statements:
            try:
                connection.execute(statement.encode())
                attack.objects += 1
            except psycopg.Error as error:
                assert error.sqlstate != "42501", error  # a weapon that PostgreSQL will not have is no refusal
        yield attack


def attack_with(database: Database, calls: Sequence[Call], plants: Sequence[Sequence[str]]) -> list[Attack]:
    """Make the calls, all of one login, among evil objects; one attack for each list of what makes these.

    It is a breach as well when what comes of a definer is not what comes of it without them.
    """
    attacks, login = [], calls[0].persona.login
    with planted(database, login, ()) as unarmed:
        usual = [unarmed.attempt(call) for call in calls]
    for statements in plants:
        with planted(database, login, statements) as attack:
            for call, before in zip(calls, usual, strict=True):
                outcome = attack.attempt(call)
                # Elsewhere attackers may well stumble over objects of their own.
                if call.is_definer and outcome != before:
                    attack.breaches.append(f"{call.name}: {before} became {outcome}: {call.statement[:200]}")
            attacks.append(attack)
    return attacks


class Names:
    """Every name that our functions use, and what each means where it is found rightly."""

    def __init__(self, admin: psycopg.Connection[Any]) -> None:
        """Read the catalog as the superuser `admin`."""
        bodies = "\n".join(row[0] for row in admin.execute(BODIES).fetchall())
        self._uses = Counter(re.findall(r"[a-z_][a-z0-9_]*", bodies.lower()))
        self.words = sorted(self._uses)
        self.types: dict[str, str] = dict(admin.execute(TYPES, (self.words,)).fetchall())
        self.types |= {catalog: f"pg_catalog.{catalog}" for catalog in SPELT.values()}
        self.functions = admin.execute(BUILT_IN_FUNCTIONS, (self.words,)).fetchall()
        self.operators = admin.execute(BUILT_IN_OPERATORS).fetchall()

    def plants(self, kind: str) -> list[list[str]]:
        """What creates evil objects of this kind, one list a connection. PostgreSQL will not have all of them."""
        if kind == "types and casts":
            # A statement whose types fit each other no more is not run at all: what is used most stands apart.
            by_use = sorted(self.types, key=lambda word: -self._uses[word])
            return [[*self._types(by_use[turn::TURNS])] for turn in range(TURNS)]
        make = {"domains": self._domains, "views": self._views, "tables": self._tables}.get(kind, self._functions)
        return [[*make()]]

    def _domains(self) -> Iterator[str]:
        for word in self.words:
            real = self.types.get(word, "pg_catalog.text")
            yield f'create domain pg_temp."{word}" as {real} check (pg_temp.evil_of(value))'

    def _types(self, words: Iterable[str]) -> Iterator[str]:
        for word in words:
            yield f'create type pg_temp."{word}" as (value text)'
            for source in CAST_FROM:
                base, evil = f"pg_catalog.{source}", f'pg_temp."evil_{word}"(value pg_catalog.{source})'
                yield (
                    f'create function {evil} returns pg_temp."{word}" language plpgsql as $$'
                    " begin raise warning 'evil as %', current_user; return row(value); end $$;"
                    f' create cast ({base} as pg_temp."{word}") with function pg_temp."evil_{word}"({base}) as implicit'
                )

    def _views(self) -> Iterator[str]:
        for word in self.words:
            name = f'pg_temp."{word}"'
            yield f"create view {name} as select pg_temp.evil() as id; grant all on {name} to public"

    def _tables(self) -> Iterator[str]:
        for word in self.words:
            name = f'pg_temp."{word}"'
            yield (
                f"create table {name} (id integer default pg_temp.evil()); grant all on {name} to public;"
                f" create trigger evil before insert or update or delete on {name}"
                " for each statement execute function pg_temp.evil_row()"
            )

    def _functions(self) -> Iterator[str]:
        for name, arguments, result in self.functions:
            yield (
                f'create function pg_temp."{name}"({arguments}) returns {result} language plpgsql as $$'
                " begin raise warning 'evil as %', current_user; return null; end $$"
            )
        for name, left, right, result in self.operators:
            evil = "pg_temp.evil_operator"
            yield (
                f"create function {evil}({left}, {right}) returns {result} language plpgsql as $$"
                " begin raise warning 'evil as %', current_user; return null; end $$;"
                f" create operator pg_temp.{name} (leftarg = {left}, rightarg = {right}, function = {evil})"
            )


def calls(admin: psycopg.Connection[Any], persona: Persona, values: "Values") -> Iterator[Call]:
    """Calls of each function that the persona may call."""
    for name, oid, is_definer in admin.execute(CALLABLE, {"role": persona.acts_as}).fetchall():
        arguments = admin.execute(ARGUMENTS, (oid,)).fetchall()
        candidates = [values.candidates(argument, kind) for argument, kind in arguments]
        turns = max((len(candidate) for candidate in candidates), default=1)
        # All the first values, all the second; then mixed. What runs as its caller is only a way to what does not.
        shifts = (0, 1) if len(candidates) > 1 and is_definer else (0,)
        for turn, shift in itertools.product(range(turns), shifts):
            passed = (one[(turn + shift * place) % len(one)] for place, one in enumerate(candidates))
            yield Call(persona, f"select * from {name}({', '.join(passed)})", name, is_definer)


class Values:
    """What arguments are tried with: by name where that says more than the type."""

    def __init__(
        self, admin: psycopg.Connection[Any], by_name: Mapping[str, Sequence[object]], ids: Sequence[object]
    ) -> None:
        """`ids` are of rows that are there; `admin` makes values of composite types."""
        self._by_name = by_name
        self._ids = [str(one) for one in ids]
        parsed = admin.execute(
            "select p::text, (select array_agg(t)::text from private.query_terms(p, '{documents,products}') t)"
            " from private.parse_query('handbook bo* \"leaflet lamp\" -x') p"
        ).fetchone()
        assert parsed is not None
        plain: Sequence[object] = (5, 1, 0)
        self._by_type: dict[str, Sequence[object]] = {
            **dict.fromkeys(("integer", "bigint", "smallint", "numeric", "double precision"), plain),
            "uuid": self._ids,
            "uuid[]": ["{" + ",".join(self._ids) + "}", "{}"],
            "bigint[]": ["{}", "{1,2}"],
            "integer[]": ["{1}", "{1,2}"],
            "text": ["handbook", "documents", "charge"],
            "text[]": ["{documents,products}", "{handbook,lamp}"],
            "boolean": ["true", "false"],
            "jsonb": ["{}", "[]"],
            "timestamp with time zone": ["2026-11-27"],
            "extensions.halfvec": ["[" + ",".join(["1"] + ["0"] * 383) + "]"],
            "private.parsed_query": [parsed[0]],
            "private.query_term[]": [parsed[1] or "{}"],
        }

    def candidates(self, name: str, kind: str) -> list[str]:
        """Literals for an argument; null alone where nothing is known of its type."""
        found = [*self._by_name.get(name, ()), *self._by_type.get(kind, ())][:VARIANTS]
        return ["null" if one is None else "'" + str(one).replace("'", "''") + "'" for one in found] or ["null"]
