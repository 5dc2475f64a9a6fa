"""Compares answers byte for byte, but for what differs between two runs of the application as it was.

So an application's own variance (times, tokens, ids) is looked for, not declared: the application as it was is asked
twice, in two processes. What is the same in both must be the same in the application as it becomes.
"""

import re
from dataclasses import dataclass

import httpx2

DECLARED = frozenset({"date"})
"""Headers that say when, not what."""
PARTS = re.compile(rb"\w+|\W")


@dataclass(frozen=True)
class Answer:
    """One answer, or the failure to get one."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Comparison:
    """Of one request: what differs, and whether the body could be compared as a whole."""

    request: str
    differences: tuple[str, ...]
    varies: bool
    """Whether two runs of the application as it was differed too."""


def answer_of(client: httpx2.Client, method: str, path: str) -> Answer:
    """What is answered; status 0 when nothing is."""
    try:
        response = client.request(method, path, follow_redirects=False)
    except httpx2.TransportError as error:
        return Answer(0, (("failure", type(error).__name__),), b"")
    headers = sorted((name.lower(), value) for name, value in response.headers.multi_items())
    return Answer(response.status_code, tuple(pair for pair in headers if pair[0] not in DECLARED), response.content)


def compare(request: str, first: Answer, second: Answer, adopted: Answer) -> Comparison:
    """The application as it was, asked twice, and as it becomes."""
    differences = []
    if adopted.status not in (first.status, second.status):
        differences.append(f"status {first.status} became {adopted.status}")
    if _names(adopted) != _names(first) and _names(first) == _names(second):
        changed = sorted(set(_names(adopted)) ^ set(_names(first)))
        differences.append(f"headers: {', '.join(changed)}")
    before, again = dict(first.headers), dict(second.headers)
    for name, value in adopted.headers:
        if before.get(name, value) != value and before.get(name) == again.get(name):
            differences.append(f"header {name}")
    if not _is_same_body(first.body, second.body, adopted.body):
        differences.append("body")
    return Comparison(request, tuple(differences), first != second)


def _names(answer: Answer) -> list[str]:
    return [name for name, _ in answer.headers]


def _is_same_body(first: bytes, second: bytes, adopted: bytes) -> bool:
    """Whether all that two runs have in common is there; where they have no parts in common, their number is."""
    if first == second:
        return adopted == first
    parts, again, now = PARTS.findall(first), PARTS.findall(second), PARTS.findall(adopted)
    if len(parts) != len(again):
        return True  # it varies as a whole: status and headers are compared
    triples = zip(parts, again, now, strict=len(now) == len(parts))
    return len(now) == len(parts) and all(one != two or one == three for one, two, three in triples)
