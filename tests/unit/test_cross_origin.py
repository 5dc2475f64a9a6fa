"""What pages of other origins may read of a refusal that is made before there is a request."""

import pytest

from gateway.http.cross_origin import refusal_headers

SHOP, BACK_OFFICE, FOREIGN = "https://shop.example", "https://office.example", "https://elsewhere.example"


@pytest.mark.parametrize(
    ("origins", "asking", "allowed"),
    [
        (["*"], SHOP, "*"),
        (["*"], None, "*"),  # the header is on its way behind one that is too long
        ([SHOP], SHOP, SHOP),
        ([SHOP], None, SHOP),
        ([SHOP], FOREIGN, SHOP),  # whose browser then refuses it
        ([SHOP, BACK_OFFICE], BACK_OFFICE, BACK_OFFICE),
        ([SHOP, BACK_OFFICE], FOREIGN, None),
        ([SHOP, BACK_OFFICE], None, None),
        ([], SHOP, None),
    ],
)
def test_the_origins_of_the_settings_may_read_it(origins: list[str], asking: str | None, allowed: str | None) -> None:
    sent = [(b"host", b"gateway.test"), *([(b"origin", asking.encode())] if asking else [])]
    headers = refusal_headers(origins, sent)
    assert headers.get("Access-Control-Allow-Origin") == allowed
    assert headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in headers
    if allowed is not None:
        assert {"Retry-After", "RateLimit", "X-Request-Id"} <= set(headers["Access-Control-Expose-Headers"].split(", "))
