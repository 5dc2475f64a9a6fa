"""The grammar of a filter of metadata, as supabase/schemas/15_filters.sql compiles it.

A filter is an object of names. Below a name stands a value that must be contained as it is, further names, or
operators. What is wrong is said with what is known, so that a misspelt operator is never an empty list.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

OPERATORS = ("$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte", "$exists", "$not")
RANGES = ("$gt", "$gte", "$lt", "$lte")
KNOWN = ", ".join(OPERATORS)
MAX_DEPTH, MAX_OPERATORS, MAX_LISTED = 16, 16, 100
MOMENT = (
    r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?$"
)


def is_moment(written: str) -> bool:
    """Whether a text is a date, or a time of one: 2026-03-31, 2026-03-31T12:00:00Z."""
    if re.fullmatch(MOMENT, written, re.ASCII) is None:
        return False
    try:
        date.fromisoformat(written[:10])
    except ValueError:
        return False
    return True


def check_metadata(metadata: Mapping[str, Any]) -> None:
    """Raises ValueError for a filter that is not as it must be."""
    if _depth(metadata) > MAX_DEPTH:
        raise ValueError(f"It nests more than {MAX_DEPTH} levels")
    found = list(_operators(metadata))
    listed = sum(len(operand) for _, operand in found if isinstance(operand, list))
    if len(found) > MAX_OPERATORS or listed > MAX_LISTED:
        raise ValueError(f"It may have {MAX_OPERATORS} operators, and {MAX_LISTED} values in the lists of $in and $nin")
    _check_names(metadata, "metadata")


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner)) if inner else 0


def _operators(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((name, each) for name, each in value.items() if name.startswith("$"))
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _operators(each)


def _check_names(names: Mapping[str, Any], place: str) -> None:
    for name, value in names.items():
        named = f"{place}.{name[:100]}"
        if name.startswith("$"):
            raise ValueError(
                f"{place}: {name[:40]} stands where a name must; operators stand below one, as in "
                f'{{"year": {{"$gte": 2024}}}}, and are {KNOWN}'
            )
        if isinstance(value, Mapping):
            is_tested = any(key.startswith("$") for key in value)
            (_check_operators if is_tested else _check_names)(value, named)
        elif isinstance(value, list) and any(_operators(value)):
            raise ValueError(f"{named}: no operator can stand in a list")


def _check_operators(operators: Mapping[str, Any], place: str) -> None:
    if not operators:
        raise ValueError(f"{place}: $not takes a value or operators")
    for operator, operand in operators.items():
        if operator not in OPERATORS:
            raise ValueError(f"{place}: {operator[:40]} is no operator; known are {KNOWN}")
        if operator == "$not" and isinstance(operand, Mapping):
            _check_operators(operand, place)
        elif not _takes(operator, operand):
            raise ValueError(f"{place}: {_wanted(operator)}")


def _takes(operator: str, operand: Any) -> bool:
    if operator == "$exists":
        return isinstance(operand, bool)
    if operator in RANGES:
        is_number = isinstance(operand, int | float) and not isinstance(operand, bool)
        return (is_number and _is_double(operand)) or (isinstance(operand, str) and is_moment(operand))
    if operator in ("$in", "$nin"):
        return isinstance(operand, list) and bool(operand) and all(map(_is_scalar, operand))
    return _is_scalar(operand)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str) or (isinstance(value, int | float) and _is_double(value))


def _is_double(value: float) -> bool:
    return value == 0 or 1e-308 <= abs(value) <= 1e308


def _wanted(operator: str) -> str:
    if operator == "$exists":
        return "$exists takes true or false"
    if operator == "$not":
        return "$not takes a value or operators"
    if operator in RANGES:
        return f'{operator} takes a number, or a date such as "2026-03-31" or "2026-03-31T12:00:00Z"'
    if operator in ("$in", "$nin"):
        return f"{operator} takes a list of texts, numbers, true, false and null"
    return f"{operator} takes a text, a number, true, false or null"
