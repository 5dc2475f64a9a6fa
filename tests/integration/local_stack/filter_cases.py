"""Random filters, each as the Data API writes it and as SQL that says the same."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from psycopg.sql import SQL, Composable, Literal

NAMES = ["rope", "red rope", "Rope, long", 'the "best" rope', "(tar)", "true", "null", "1e5", "007", "a.b", "", "a\\b"]
SYMBOLS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
BRAND = "data->>brand"
COLUMNS = {
    "name": SQL("name"),
    "size": SQL("size"),
    "price": SQL("price"),
    "fresh": SQL("fresh"),
    "tags": SQL("tags"),
    "data": SQL("data"),
    BRAND: SQL("data ->> 'brand'"),
    "data->n->>0": SQL("data -> 'n' ->> 0"),
}


@dataclass(frozen=True)
class Case:
    """One filter: `key=operation.value` in a query string, `key.operation.value` in a tree, and its SQL."""

    key: str
    operation: str
    value: str
    sql: Composable
    is_tree: bool = False

    @property
    def parameter(self) -> tuple[str, str]:
        """Its key and value in a query string."""
        return self.key, self.value if self.is_tree else f"{self.operation}.{self.value}"

    @property
    def element(self) -> str:
        """The same within `and=(…)`."""
        if self.is_tree:
            return f"{self.key}{self.value}"
        plain = self.operation.split(".")[-1] in {"in", "is"}
        return f"{self.key}.{self.operation}.{self.value if plain else quoted(self.value)}"


def quoted(text: str) -> str:
    """A value in quotes, within which no character delimits anything."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def compared(column: str, symbol: str, operand: Composable) -> Composable:
    """A comparison of a column in SQL."""
    return SQL("{} {} {}").format(COLUMNS[column], SQL(symbol), operand)


def simple(pick: random.Random, column: str, values: list[str]) -> Case:
    """`eq`, `gt` and the like."""
    operation, value = pick.choice(list(SYMBOLS)), pick.choice(values)
    return Case(column, operation, value, compared(column, SYMBOLS[operation], Literal(value)))


def of_list(pick: random.Random, column: str, values: list[str]) -> Case:
    """`in` with one to three elements, in quotes."""
    chosen = pick.sample([value for value in values if value], pick.randint(1, 3))
    array = SQL("any (array[{}])").format(SQL(", ").join(SQL("{}").format(Literal(value)) for value in chosen))
    if column == "size":
        array = SQL("any (array[{}]::integer[])").format(SQL(", ").join(Literal(int(value)) for value in chosen))
    return Case(column, "in", f"({','.join(map(quoted, chosen))})", compared(column, "=", array))


def is_null(pick: random.Random, column: str, _values: list[str]) -> Case:
    """`is.null` and `is.not_null`."""
    word = pick.choice(["null", "not_null"])
    return Case(column, "is", word, compared(column, "is", SQL(word.replace("_", " "))))


def pattern(pick: random.Random, column: str, _values: list[str]) -> Case:
    """`like`, `ilike`, `match` and `imatch`."""
    operation, symbol, value, operand = pick.choice(
        [
            ("like", "like", "*rope*", "%rope%"),
            ("ilike", "ilike", "r*", "r%"),
            ("match", "~", "^[rR]", "^[rR]"),
            ("imatch", "~*", "O", "O"),
            ("like(any)", "like any", "{*o*,*a*}", "{%o%,%a%}"),
            ("eq(any)", "= any", "{rope,Tar}", "{rope,Tar}"),
            ("isdistinct", "is distinct from", "rope", "rope"),
        ]
    )
    literal = SQL("({})").format(Literal(operand)) if "any" in symbol else Literal(operand)
    return Case(column, operation, value, compared(column, symbol, literal))


def truth(pick: random.Random) -> Case:
    """A boolean, in words of `is` and as a value."""
    operation, value = pick.choice([("is", "true"), ("is", "false"), ("is", "unknown"), ("eq", "true"), ("neq", "f")])
    operand = SQL(value) if operation == "is" else Literal(value)
    return Case("fresh", operation, value, compared("fresh", {"is": "is", **SYMBOLS}[operation], operand))


def contents(pick: random.Random) -> Case:
    """Containment and overlap of arrays, and containment of JSON."""
    symbols = {"cs": "@>", "cd": "<@", "ov": "&&"}
    operation = pick.choice(list(symbols))
    value = pick.choice(["{a}", "{a,b}", '{"c,d"}', '{"c,d",b}', "{}"])
    if pick.random() < 0.3:
        return Case("data", "cs", '{"brand":"Tar"}', SQL("""data @> '{"brand":"Tar"}'"""))
    return Case("tags", operation, value, compared("tags", symbols[operation], Literal(value)))


def words(pick: random.Random) -> Case:
    """Full text search in a column of plain text."""
    operation, parser = pick.choice([("plfts", "plainto_tsquery"), ("wfts", "websearch_to_tsquery")])
    config, value = pick.choice(["", "simple"]), pick.choice(["rope", "long rope", "best"])
    language = f"'{config}', " if config else ""
    text = f"to_tsvector({language}name) @@ {parser}({language}'{value}')"
    return Case("name", f"{operation}({config})" if config else operation, value, SQL(text))


def negated(case: Case) -> Case:
    """Its opposite."""
    opposite = SQL("not ({})").format(case.sql)
    if case.is_tree:
        return Case(f"not.{case.key}", "", case.value, opposite, is_tree=True)
    return Case(case.key, f"not.{case.operation}", case.value, opposite)


def tree(pick: random.Random, depth: int) -> Case:
    """An `and` or `or` of one to three cases."""
    kind = pick.choice(["and", "or"])
    members = [case(pick, depth - 1) for _ in range(pick.randint(1, 3))]
    joined = SQL(f" {kind} ").join(SQL("({})").format(member.sql) for member in members)
    return Case(kind, "", f"({','.join(member.element for member in members)})", joined, is_tree=True)


def case(pick: random.Random, depth: int = 2) -> Case:
    """Any filter."""
    made: Callable[[], Case] = pick.choice(
        [
            lambda: simple(pick, "name", NAMES),
            lambda: simple(pick, "size", ["1", "2", "3", "5", "8"]),
            lambda: simple(pick, "price", ["0.5", "19.90", "1e2"]),
            lambda: simple(pick, BRAND, ["Tar", "Oak"]),
            lambda: simple(pick, "data->n->>0", ["1", "2"]),
            lambda: of_list(pick, "name", NAMES),
            lambda: of_list(pick, "size", ["1", "2", "3", "5"]),
            lambda: of_list(pick, BRAND, ["Tar", "Oak", "none"]),
            lambda: is_null(pick, pick.choice(list(COLUMNS)), []),
            lambda: pattern(pick, pick.choice(["name", BRAND]), []),
            lambda: truth(pick),
            lambda: contents(pick),
            lambda: words(pick),
            lambda: tree(pick, depth) if depth > 0 else truth(pick),
        ]
    )
    chosen = made()
    return negated(chosen) if pick.random() < 0.3 else chosen


def different(pick: random.Random, cases: list[Case]) -> Case:
    """A filter of a column that a list has already."""
    again = pick.choice(cases)
    is_negated = again.key.startswith("not.") or again.operation.startswith("not.")
    return again if is_negated else negated(again)


def conjunctions(seed: int, count: int) -> Iterator[list[Case]]:
    """Lists of one to four filters; about every second one names a column twice."""
    pick = random.Random(seed)
    for _ in range(count):
        chosen = [case(pick) for _ in range(pick.randint(1, 3))]
        if pick.random() < 0.5:
            twice = [simple(pick, "size", ["1", "3", "5"]), simple(pick, "size", ["2", "3", "8"])]
            chosen += [different(pick, chosen)] if pick.random() < 0.2 else twice
        yield chosen
