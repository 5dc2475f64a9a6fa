"""Filters of metadata, and what each must find, whichever way it is asked."""

from typing import Any

# Of the documents that tests.support.tenants makes.
METADATA: dict[str, dict[str, Any]] = {
    "owner's diary": {
        "year": 2023, "kind": "diary", "tags": ["boat", "rain"], "author": {"name": "Ada", "born": 1815},
        "reviewed": "2026-01-15", "scores": [1, 50],
    },
    "harbour draft": {"year": 2024.5, "kind": "draft", "done": False, "reviewed": "2026-01-15T23:00:00-02:00"},
    "harbour handbook": {
        "year": 2025, "kind": "manual", "tags": ["boat"], "author": {"name": "Grace"},
        "reviewed": "2026-02-01T00:30:00+01:00",
    },
    "harbour leaflet": {"year": "2025", "kind": "leaflet", "reviewed": None, "a.b": 1},
    "former's diary": {},
    "former's minutes": {"kind": None, "scores": [10, 20], "done": True},
    "meadow handbook": {"year": 2025, "kind": "manual", "author": [{"name": "Ada"}, {"name": "Bob"}]},
    "meadow draft": {"year": 2026, "kind": "draft", "reviewed": "2026-03-01T10:00:00"},
    "meadow leaflet": {"year": 2020, "kind": "leaflet", "reviewed": "soon", "say \"hi\\": "\u0001"},
}  # fmt: skip

_KIND_IS_NOT_A_LEAFLET = set(METADATA) - {"harbour leaflet", "meadow leaflet"}
_WITH_A_YEAR = set(METADATA) - {"former's diary", "former's minutes"}

# What is asked: the filter, and the documents that pass it.
PASSING: dict[str, tuple[dict[str, Any], set[str]]] = {
    "everything": ({}, set(METADATA)),
    "a value": ({"kind": "manual"}, {"harbour handbook", "meadow handbook"}),
    "a part of a list": ({"tags": ["boat"]}, {"owner's diary", "harbour handbook"}),
    "an object": ({"author": {"name": "Ada"}}, {"owner's diary"}),
    "null": ({"kind": None}, {"former's minutes"}),
    "a name with a dot": ({"a.b": 1}, {"harbour leaflet"}),
    "a name that needs quotes": ({"say \"hi\\": {"$eq": "\u0001"}}, {"meadow leaflet"}),
    "equality": ({"year": {"$eq": 2025}}, {"harbour handbook", "meadow handbook"}),
    "an element of a list": ({"tags": {"$eq": "rain"}}, {"owner's diary"}),
    "a text is no number": ({"year": {"$eq": "2025"}}, {"harbour leaflet"}),
    "any of": ({"kind": {"$in": ["diary", "manual"]}}, {"owner's diary", "harbour handbook", "meadow handbook"}),
    "any of several kinds": ({"done": {"$in": [True, 1, None, "x"]}}, {"former's minutes"}),
    "not equal": ({"kind": {"$ne": "leaflet"}}, _KIND_IS_NOT_A_LEAFLET),
    "none of": ({"kind": {"$nin": ["leaflet", None]}}, _KIND_IS_NOT_A_LEAFLET - {"former's minutes"}),
    "from a number": (
        {"year": {"$gte": 2024.5}},
        {"harbour draft", "harbour handbook", "meadow handbook", "meadow draft"},
    ),
    "above a number": ({"year": {"$gt": 2025}}, {"meadow draft"}),
    "a range of numbers": ({"year": {"$gt": 2020, "$lt": 2025}}, {"owner's diary", "harbour draft"}),
    "up to a number": ({"year": {"$lte": 2020}}, {"meadow leaflet"}),
    "one element between both ends": ({"scores": {"$gte": 10, "$lte": 30}}, {"former's minutes"}),
    "from a day": (
        {"reviewed": {"$gte": "2026-01-16"}}, {"harbour draft", "harbour handbook", "meadow draft"}
    ),
    "before a day": ({"reviewed": {"$lt": "2026-02-01"}}, {"owner's diary", "harbour draft", "harbour handbook"}),
    "between two times": (
        {"reviewed": {"$gte": "2026-01-31T23:30:00Z", "$lte": "2026-03-01T11:00:00+01:00"}},
        {"harbour handbook", "meadow draft"},
    ),
    "a property": ({"year": {"$exists": True}}, _WITH_A_YEAR),
    "no property": ({"year": {"$exists": False}}, set(METADATA) - _WITH_A_YEAR),
    "a nested property": ({"author": {"born": {"$exists": True}}}, {"owner's diary"}),
    "a nested value": ({"author": {"name": {"$in": ["Grace", "Bob"]}}}, {"harbour handbook", "meadow handbook"}),
    "a nested value and its neighbour": ({"author": {"name": "Ada", "born": {"$lt": 1900}}}, {"owner's diary"}),
    "not a range": (
        {"year": {"$not": {"$gte": 2024}}},
        {"owner's diary", "harbour leaflet", "former's diary", "former's minutes", "meadow leaflet"},
    ),
    "not a value": ({"done": {"$not": True}}, set(METADATA) - {"former's minutes"}),
    "not not": ({"done": {"$not": {"$not": {"$eq": True}}}}, {"former's minutes"}),
    "several": (
        {"kind": {"$in": ["draft", "manual"]}, "year": {"$gte": 2025}, "tags": {"$exists": False}},
        {"meadow handbook", "meadow draft"},
    ),
}  # fmt: skip

# Filters that are none, and what each refusal must name.
REFUSED: list[dict[str, Any]] = [
    {"year": {"$foo": 1}},
    {"year": {"$gte": 1, "$Lt": 2}},
    {"$or": [{"a": 1}]},
    {"a": 1, "$gte": 1},
    {"a": {"$gte": 1, "b": 2}},
    {"a": {"b": {"$like": "x"}}},
    {"a": {"$not": {}}},
    {"a": {"$not": {"b": 1}}},
    {"a": {"$not": [1]}},
    {"a": [{"$gte": 1}]},
    {"a": {"$in": []}},
    {"a": {"$in": "x"}},
    {"a": {"$nin": [[1]]}},
    {"a": {"$eq": [1]}},
    {"a": {"$ne": {"b": 1}}},
    {"a": {"$exists": 1}},
    {"a": {"$gte": "soon"}},
    {"a": {"$gte": "2026-02-30"}},
    {"a": {"$lt": True}},
    {"a": {"$lt": None}},
    {"a": {"$gt": 1e-310}},
    {f"a{number}": {"$gt": number} for number in range(17)},
    {"a": {"$in": list(range(101))}},
]
