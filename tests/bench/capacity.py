"""The tables of docs/capacity.md, from what a search costs: `python -m tests.bench.capacity`.

Requests come at random (Poisson), and each takes one core for a time that varies as an exponential one does: M/M/c.
Erlang's C formula says how many wait, and for how long (Erlang 1917; Gross and others, Fundamentals of Queueing Theory,
2008, section 2.3). Real searches vary less, so they wait less.
"""

from math import ceil

from tests.chaos.pages import write_table

GATEWAY_MS = 12.0
"""Processor time of a gateway for a search, its query embedded there: `make bench-scale`."""
DATABASE_MS = {"2,000 passages": 16.0, "20,479 passages": 29.0, "204,800 passages": 63.0}
"""That of PostgreSQL for a hybrid search, by what its caller sees: `make bench-scale`, and docs/search-cost.md."""
RATES = (10, 100, 1_000, 10_000, 100_000)
WAIT = 0.1
"""How long a search may wait for a core on average, as a share of the time that it then takes."""
FULLEST = 0.7
"""Share of the cores that may be busy: the rest is for writes, maintenance and a replica's loss."""
SIZES = {"Large": 2, "XL": 4, "2XL": 8, "4XL": 16, "8XL": 32, "12XL": 48, "16XL": 64}
"""Dedicated cores of hosted Supabase's compute sizes."""


def erlang_c(servers: int, load: float) -> float:
    """The share of requests that wait, with so many servers and a load (rate times service time) below their number."""
    blocked = 1.0
    for number in range(1, servers + 1):  # Erlang's B, which the C follows from; no factorial overflows
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def mean_wait(servers: int, load: float) -> float:
    """The mean wait, as a share of the mean service time."""
    return erlang_c(servers, load) / (servers - load)


def servers_for(load: float) -> int:
    """The fewest servers that are no busier than FULLEST and let nobody wait longer than WAIT on average."""
    servers = max(1, ceil(round(load / FULLEST, 6)))
    while mean_wait(servers, load) > WAIT:
        servers += 1
    return servers


def size_for(cores: int) -> str:
    """The smallest size with so many cores, or how many machines of the largest have them together."""
    for size, has in SIZES.items():
        if has >= cores:
            return size
    return f"{ceil(cores / SIZES['16XL'])} times 16XL"


def gateways() -> list[list[str]]:
    """Rows of rate, cores, busy cores, wait."""
    rows = []
    for rate in RATES:
        load = rate * GATEWAY_MS / 1000
        cores = servers_for(load)
        rows.append([f"{rate:,}", f"{load:,.1f}", f"{cores:,}", f"{mean_wait(cores, load) * GATEWAY_MS:.2f} ms"])
    return rows


def databases() -> list[list[str]]:
    """Rows of rate, passages, busy connections, cores, and the hosted compute size that has them."""
    rows = []
    for rate in RATES:
        for sees, cost_ms in DATABASE_MS.items():
            load = rate * cost_ms / 1000
            cores = servers_for(load)
            rows.append([f"{rate:,}", sees, f"{load:,.1f}", f"{cores:,}", size_for(cores)])
    return rows


def main() -> None:
    """Write both tables."""
    write_table("capacity.md", "gateways", ["searches a second", "cores busy", "cores", "mean wait"], gateways())
    head = ["searches a second", "its caller sees", "connections and cores busy", "cores", "hosted compute"]
    write_table("capacity.md", "databases", head, databases())


if __name__ == "__main__":
    main()
