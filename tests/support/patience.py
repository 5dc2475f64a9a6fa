"""The product's own time limits in tests: so long that what works is never given up, however busy the machine is.

A test of what happens when something takes too long sets the limit that it is about.
"""

import json
from collections.abc import Mapping
from typing import Any

SETTINGS: Mapping[str, float] = {
    "request_timeout_s": 60.0,
    "database_timeout_s": 30.0,
    "embedder_timeout_s": 30.0,
    "reranker_timeout_s": 30.0,
    "upload_timeout_s": 180.0,
    "upload_request_timeout_s": 180.0,
    "llm_first_token_s": 60.0,
    "llm_stall_s": 60.0,
    "llm_timeout_s": 120.0,
}
POLICIES: Mapping[str, Mapping[str, float]] = {
    name: {"timeout_s": 30.0} for name in ("data_api", "auth_keys", "rate_limits")
}
FUNCTIONS = {"GATEWAY_TIMEOUT_MS": "60000", "DATA_API_TIMEOUT_MS": "60000"}
"""Of Edge Functions."""
ENVIRONMENT: Mapping[str, str] = {
    **{name.upper(): str(value) for name, value in SETTINGS.items()},
    "RESILIENCE": json.dumps(POLICIES),
}
"""Of a gateway that is a process."""


def patient(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a gateway in this process: these, and `changes`, which go before them."""
    return {**SETTINGS, **changes, "resilience": {**POLICIES, **changes.get("resilience", {})}}
