"""The HTTP client that the gateway shares: calls that are given up take nothing from those that follow.

That holds for Supabase's libraries too, which speak httpx and are carried over it.
"""

import asyncio
import gzip
import json
import random
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.auth.jwks import JwksCache, JwksFetchError
from gateway.clients.data_api import DataApi, DataApiUnavailableError
from gateway.clients.http import MAX_CONNECTIONS, create_client
from gateway.clients.storage import Storage, StorageUnavailableError
from gateway.clients.transport import MAX_BYTES, session
from gateway.errors import AccountBannedError, AccountClosedError, InvalidInputError, ParameterRefusedError
from gateway.resilience import Policy
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.anyio
PROMPT, SLOW_S = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0.05
ROUNDS = 20


class Server:
    """Answers after a while, or at once."""

    def __init__(self, seed: int) -> None:
        self.is_slow = True
        self._random = random.Random(seed)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                if self.is_slow:
                    await asyncio.sleep(self._random.choice((0, SLOW_S / 10, SLOW_S)))
                writer.write(PROMPT)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # given up
        finally:
            writer.close()


@pytest.mark.parametrize("of", [lambda client: client, session], ids=["itself", "what is carried over it"])
@pytest.mark.parametrize("seed", range(3))
async def test_calls_that_are_given_up_leave_the_connections_to_others(
    seed: int, of: Callable[[httpx2.AsyncClient], Any]
) -> None:
    """Given up at any moment: while they wait for a connection, while it is made, while the answer is on its way."""
    patience = random.Random(seed)
    world = Server(seed)
    server = await asyncio.start_server(world.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    async def impatient(client: Any) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.random() * SLOW_S):
                await client.get(url)

    async with create_client() as shared:
        client = of(shared)
        for _ in range(ROUNDS):
            await asyncio.gather(*(impatient(client) for _ in range(3 * MAX_CONNECTIONS)))
        world.is_slow = False
        async with asyncio.timeout(PATIENCE_S):
            answers = await asyncio.gather(*(client.get(url) for _ in range(2 * MAX_CONNECTIONS)))
        assert [answer.status_code for answer in answers] == [200] * len(answers)
    server.close()


Answer = Callable[[httpx2.Request], httpx2.Response]


def answering(answer: Answer) -> httpx2.AsyncClient:
    return create_client(httpx2.MockTransport(answer))


async def test_what_is_carried_arrives_as_it_was_sent_and_answered() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert (request.method, str(request.url)) == ("POST", "http://project/rest/v1/rpc/search?a=1&a=2")
        assert (request.headers["x-one"], request.content) == ("1", b"body")
        packed = gzip.compress(b'["r\xc3\xa4tsel"]')
        return httpx2.Response(200, headers={"content-encoding": "gzip", "x-two": "2"}, content=packed)

    client = session(answering(answer))
    url = "http://project/rest/v1/rpc/search?a=1&a=2"
    response = await client.post(url, content=b"body", headers={"x-one": "1"})
    assert (response.json(), response.headers["x-two"]) == (["rätsel"], "2")


@pytest.mark.parametrize("error", [httpx2.ConnectError, httpx2.ReadTimeout, httpx2.RemoteProtocolError])
async def test_errors_are_those_that_the_libraries_know(error: type[httpx2.TransportError]) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise error("why")

    with pytest.raises(getattr(httpx, error.__name__), match="why"):
        await session(answering(answer)).get("http://project/")


def data_api(status: int, body: str | bytes) -> DataApi:
    client = answering(lambda _: httpx2.Response(status, content=body))
    return DataApi("http://project", "key", client, Policy("data_api", 1.0))


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, "22023", ParameterRefusedError),
        (400, "22P02", InvalidInputError),
        (401, "PT401", AccountClosedError),
        (403, "PT403", AccountBannedError),
        (401, "PGRST301", DataApiUnavailableError),
        (500, "57014", DataApiUnavailableError),
        (503, "53300", DataApiUnavailableError),
    ],
)
async def test_what_the_data_api_refuses_has_a_meaning(status: int, code: str, meaning: type[Exception]) -> None:
    api = data_api(status, json.dumps({"code": code, "message": "no", "hint": None, "details": None}))
    with pytest.raises(meaning) as raised:
        await api.call("search", {}, None)
    assert type(raised.value) is meaning


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, ""),
        (200, "<html>"),
        (200, '[{"a": 1}]'),
        (200, "1"),
        (200, b"[" + b" " * MAX_BYTES + b"]"),
        (502, "<html>"),
        (404, ""),
    ],
    ids=str,
)
async def test_what_is_no_answer_of_the_data_api_is_none(status: int, body: str | bytes) -> None:
    with pytest.raises(DataApiUnavailableError):
        await data_api(status, body).call("search", {}, "a token")


@pytest.mark.parametrize(
    ("status", "body", "works"),
    [
        (200, "[]", True),
        (400, '{"statusCode": "403", "error": "Unauthorized", "message": "no"}', True),
        (503, "gone", False),
        (200, "<html>", False),
    ],
)
async def test_storage_works_when_it_answers_as_storage_does(status: int, body: str, works: bool) -> None:
    client = answering(lambda _: httpx2.Response(status, content=body))
    storage = Storage("http://project", "key", client, Policy("storage", 1.0))
    if works:
        assert await storage.probe() == "It answers."
    else:
        with pytest.raises(StorageUnavailableError):
            await storage.probe()


# The environment ----------------------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate that no store knows, which signs itself, with its key; of the name localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = tmp_path / "authority.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path


async def test_a_certificate_of_ones_own_is_trusted_where_the_environment_names_it(
    authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where it does not, the reason is said."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority)
    server = await asyncio.start_server(Server(0).serve, "localhost", 0, ssl=context)
    url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    policy = Policy("data_api", 60.0)
    async with create_client() as client:
        with pytest.raises(StorageUnavailableError, match="certificate verify failed"):
            await Storage(url, "key", client, policy).probe()
        with pytest.raises(JwksFetchError, match="certificate verify failed"):
            await JwksCache(url, client, policy).probe()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    async with create_client() as client:
        assert (await client.get(url)).text == "ok"
    server.close()


async def test_a_proxy_of_the_environment_is_used_but_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        writer.write(PROMPT)
        await writer.drain()
        writer.close()

    proxying = await asyncio.start_server(proxy, "127.0.0.1", 0)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxying.sockets[0].getsockname()[1]}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    world = Server(0)
    world.is_slow = False
    server = await asyncio.start_server(world.serve, "127.0.0.1", 0)
    async with create_client() as client:
        assert (await client.get("http://project.test/keys")).text == "ok"
        assert (await client.get(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys")).text == "ok"
    assert asked == [b"GET http://project.test/keys HTTP/1.1"]
    proxying.close()
    server.close()
