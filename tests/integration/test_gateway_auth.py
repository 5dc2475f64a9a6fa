"""The gateway as a process beside the real Auth: its tokens, its keys, and its absence."""

from typing import Any

import httpx2

from tests.support import Process, Stack, wait_until


def search(stack: Stack, token: str | None = None) -> httpx2.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    body = {"query": "anything", "mode": "keyword"}
    return httpx2.post(f"{stack.gateway_url}/v1/search", json=body, headers=headers, timeout=60, trust_env=False)


def status(stack: Stack, *, public: bool = False) -> dict[str, Any]:
    url = f"{stack.gateway_url}/v1/status" if public else f"{stack.operations_url}/status"
    response = httpx2.get(url, timeout=60, trust_env=False)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_tokens_of_the_real_auth_and_an_outage_of_it(stack: Stack, api: Process, gateway: Process) -> None:
    session = stack.sign_up("ada@example.org")
    token = session["access_token"]
    assert search(stack, token).status_code == 200
    assert search(stack, stack.keys.publishable_key).status_code == 200
    assert search(stack, stack.keys.secret_key).status_code == 401
    header, claims, signature = token.split(".")
    assert search(stack, f"{header}.{claims}.{signature[:-6]}AAAAAA").status_code == 401

    def are_up() -> bool:
        states = {name: dependency["state"] for name, dependency in status(stack)["dependencies"].items()}
        return {states[name] for name in ("database", "data_api", "auth_keys", "storage")} == {"up"}

    wait_until(are_up, "everything being up")

    api.stop()
    # The keys at hand are good for as long as the outage lasts, and the status says that there is one.
    assert search(stack, token).status_code == 200
    outage = wait_until(lambda: status(stack)["dependencies"]["data_api"]["state"] == "down", "the outage")
    assert outage
    assert status(stack, public=True)["failed_documents"] is None
    assert gateway.stop() == 0
