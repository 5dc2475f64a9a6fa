"""The formula behind docs/capacity.md, and that the page has what it computes."""

import pytest

from gateway.local.paths import REPOSITORY
from tests.bench.capacity import FULLEST, WAIT, databases, erlang_c, gateways, mean_wait, servers_for


@pytest.mark.parametrize(
    # By hand: one server waits as often as it is busy; two at a load of one wait a third of the time.
    ("servers", "load", "share"),
    [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (3, 2.0, 4 / 9)],
)
def test_who_waits(servers: int, load: float, share: float) -> None:
    assert erlang_c(servers, load) == pytest.approx(share)


@pytest.mark.parametrize("load", [0.01, 1, 7.3, 630, 6_300])
def test_so_many_servers_suffice_and_fewer_do_not(load: float) -> None:
    servers = servers_for(load)
    assert load / servers <= FULLEST
    assert mean_wait(servers, load) <= WAIT
    fewer = servers - 1
    assert fewer == 0 or load / fewer > FULLEST or mean_wait(fewer, load) > WAIT


def test_the_page_has_what_is_computed() -> None:
    page = (REPOSITORY / "docs/capacity.md").read_text(encoding="utf-8")
    for row in [*gateways(), *databases()]:
        assert f"| {' | '.join(row)} |" in page
