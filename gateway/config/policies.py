"""How each dependency is used: one description apiece, the defaults here, changed by the setting RESILIENCE."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from gateway.resilience import Policy
from gateway.resilience.policy import WORDS

# What a person may change; names and words are the program's.
CHANGEABLE = frozenset(field.name for field in fields(Policy)) - set(WORDS)
WHOLE = frozenset(field.name for field in fields(Policy) if field.type in ("int", int))
# Time limits that have a setting of their own.
TIMEOUT_SETTINGS = {
    "database": "DATABASE_TIMEOUT_S",
    "replica": "DATABASE_TIMEOUT_S",
    "embedder": "EMBEDDER_TIMEOUT_S",
    "reranker": "RERANKER_TIMEOUT_S",
    "llm": "LLM_TIMEOUT_S",
    "llm_fallback": "LLM_TIMEOUT_S",
    "payment": "PAYMENT_TIMEOUT_S",
}
# Nothing that a request asks of them is waited for longer than for the request.
OF_A_REQUEST = ("database", "replica", "data_api", "auth_keys", "embedder", "reranker")
STORAGE = Policy("storage", 60.0, attempts=3, concurrency=4, fallback="files are removed by the next run")

Changes = Mapping[str, Mapping[str, float]]
"""New numbers by dependency, as RESILIENCE has them."""


@dataclass(frozen=True)
class Policies:
    """The description of everything outside the process."""

    database: Policy
    replica: Policy
    data_api: Policy
    auth_keys: Policy
    embedder: Policy
    reranker: Policy
    llm: Policy
    llm_fallback: Policy
    payment: Policy
    storage: Policy
    rate_limits: Policy


def policies(
    *,
    pool_size: int,
    request_s: float,
    database_s: float,
    embedder_s: float,
    reranker_s: float,
    llm_s: float,
    payment_s: float,
    changes: Changes | None = None,
) -> Policies:
    """The descriptions; `changes` has new numbers by dependency. ValueError for what there is not."""
    # A lost connection is replaced within the attempt: a query is sent twice at most. As many wait for a connection as
    # are served in the time that one search takes, three times over: fewer leave the server idle between bursts.
    # A server that hangs would have everybody wait for the whole time limit, and places run out long before its end.
    # A trial that hangs takes all of its time, and the next one comes a pause later: both together are what a server
    # that is well again may have to wait for, and should stay under two seconds.
    database = Policy(
        "database",
        database_s,
        concurrency=4 * pool_size,
        stall_s=min(database_s, request_s) / 4,
        reset_s=0.3,
        fallback="the Data API, or a stale answer",
    )
    made = {
        "database": database,
        "replica": replace(database, name="replica", fallback="a stale answer"),
        "data_api": Policy("data_api", 1.0, concurrency=16, fallback="the replica, or a stale answer"),
        "auth_keys": Policy(
            "auth_keys", 2.0, attempts=2, concurrency=4, fallback="the keys at hand, for a day at most"
        ),
        "embedder": Policy("embedder", embedder_s, concurrency=32, fallback="keyword search"),
        "reranker": Policy("reranker", reranker_s, concurrency=32, fallback="the order of the hybrid score"),
        "llm": Policy("llm", llm_s, concurrency=64, fallback="the second model, or quotations"),
        "llm_fallback": Policy("llm_fallback", llm_s, concurrency=64, fallback="quotations"),
        # The outbox tries again, after minutes perhaps: nobody waits for the answer.
        "payment": Policy("payment", payment_s, concurrency=16, fallback="the payment waits in the outbox"),
        "storage": STORAGE,
        "rate_limits": Policy("rate_limits", 0.25, concurrency=256, fallback="each gateway counts for itself"),
    }
    made = {name: changed(policy, changes or {}) for name, policy in made.items()}
    for name in OF_A_REQUEST:
        # Given up with its request, a call would never be the failure that opens the breaker.
        made[name] = replace(made[name], timeout_s=min(made[name].timeout_s, request_s))
    return Policies(**made)


def changed(policy: Policy, changes: Changes) -> Policy:
    """`policy` with the numbers that `changes` has for it.

    ValueError for a dependency, a number or a value there is not, also where it is none of this policy's.
    """
    names = [field.name for field in fields(Policies)]
    if unknown := sorted(set(changes) - set(names)):
        raise ValueError(f"RESILIENCE names {unknown[0]}, which is none of {', '.join(names)}.")
    made = {name: _made(name, _numbers(name, numbers)) for name, numbers in changes.items()}
    new = changes.get(policy.name, {})
    return replace(policy, **{name: getattr(made[policy.name], name) for name in new})


def _made(name: str, numbers: Mapping[str, Any]) -> Policy:
    try:
        return replace(Policy(name, 1.0), **numbers)
    except ValueError as error:
        raise ValueError(f"RESILIENCE cannot be followed: {error}") from error


def _numbers(name: str, numbers: Mapping[str, float]) -> dict[str, Any]:
    if unknown := sorted(set(numbers) - CHANGEABLE):
        raise ValueError(f"RESILIENCE has {unknown[0]} for {name}, which is none of {', '.join(sorted(CHANGEABLE))}.")
    if "timeout_s" in numbers and name in TIMEOUT_SETTINGS:
        raise ValueError(f"RESILIENCE has timeout_s for {name}, which is set by {TIMEOUT_SETTINGS[name]}.")
    for number in sorted(WHOLE & set(numbers)):
        if not float(numbers[number]).is_integer():
            raise ValueError(f"RESILIENCE has {numbers[number]:g} as {number} of {name}, which must be whole.")
    return {number: int(value) if number in WHOLE else value for number, value in numbers.items()}
