"""Answers of an application as it was, asked twice, and as it becomes."""

import pytest

from gateway.adopt.proof.comparing import Answer, compare

HTML = (("content-type", "text/html"),)


def answer(body: str, status: int = 200, headers: tuple[tuple[str, str], ...] = HTML) -> Answer:
    return Answer(status, headers, body.encode())


@pytest.mark.parametrize(
    ("first", "second", "adopted", "differences"),
    [
        (answer("boats"), answer("boats"), answer("boats"), ()),
        (answer("boats"), answer("boats"), answer("boat"), ("body",)),
        (answer("boats"), answer("boats"), answer("boats", 500), ("status 200 became 500",)),
        (answer("boats"), answer("boats"), answer("boats", headers=()), ("headers: content-type",)),
        (answer("a"), answer("a"), answer("a", headers=(("content-type", "text/plain"),)), ("header content-type",)),
        # A token differs from run to run; what stands around it does not.
        (answer("token: 1a, ok"), answer("token: 2b, ok"), answer("token: 3c, ok"), ()),
        (answer("token: 1a, ok"), answer("token: 2b, ok"), answer("token: 3c, no"), ("body",)),
        (answer("token: 1a, ok"), answer("token: 2b, ok"), answer("token: 3c"), ("body",)),
        (
            answer("", headers=(("etag", "1"),)),
            answer("", headers=(("etag", "2"),)),
            answer("", headers=(("etag", "3"),)),
            (),
        ),
    ],
    ids=["equal", "body", "status", "header lost", "header", "token", "around it", "shorter", "etag"],
)
def test_what_two_runs_have_in_common_must_be_there(
    first: Answer, second: Answer, adopted: Answer, differences: tuple[str, ...]
) -> None:
    compared = compare("GET /", first, second, adopted)
    assert compared.differences == differences
    assert compared.varies == (first != second)
