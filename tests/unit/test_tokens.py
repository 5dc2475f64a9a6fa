"""Tokens that hold, and every way in which one does not: refused, never taken for nobody."""

import base64
import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from gateway.auth.caller import ANONYMOUS
from gateway.auth.jwks import JwksCache
from gateway.auth.tokens import CACHE_S, KeySource, SharedSecret, TokenVerifier
from gateway.errors import AuthKeysUnavailableError, ForbiddenError, UnauthenticatedError
from gateway.resilience import Policy
from tests.support.clock import Clock
from tests.support.tokens import ISSUER, PUBLISHABLE_KEY, Project, SigningKey, claims_for

pytestmark = pytest.mark.anyio
USER = uuid.UUID("6b1f6f4e-2f0e-4a51-9d7c-3d7f6a1f0b11")
SECRET = "a shared secret of more than thirty-two characters"


@pytest.fixture
def project() -> Project:
    return Project()


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())


@pytest.fixture
async def verifier(project: Project, clock: Clock) -> AsyncIterator[TokenVerifier]:
    async with httpx2.AsyncClient(transport=project.transport) as client:
        keys = JwksCache(f"{ISSUER}/.well-known/jwks.json", client, Policy("auth_keys", 2.0))
        yield TokenVerifier({"ES256": keys}, issuer=ISSUER, publishable_keys=[PUBLISHABLE_KEY], clock=clock)
        await keys.close()


def shared(publishable_key: str = PUBLISHABLE_KEY) -> TokenVerifier:
    return TokenVerifier({"HS256": SharedSecret(SECRET)}, issuer=ISSUER, publishable_keys=[publishable_key])


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part(header)}.{part(claims)}.{signature}"


async def test_a_good_token_is_a_person_with_all_its_claims(verifier: TokenVerifier, project: Project) -> None:
    claims = claims_for(USER, app_metadata={"staff": True}, user_metadata={"name": "Zoë \U0001f680 \\u0000"})
    caller = await verifier.caller(f"Bearer {project.key.sign(claims)}")
    assert caller.user_id == USER
    assert json.loads(caller.claims) == claims
    assert "staff" not in repr(caller)


async def test_no_header_is_nobody(verifier: TokenVerifier) -> None:
    assert await verifier.caller(None) is ANONYMOUS


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_publishable_key_is_nobody(verifier: TokenVerifier, scheme: str) -> None:
    assert await verifier.caller(f"{scheme} {PUBLISHABLE_KEY}") is ANONYMOUS


async def test_a_legacy_anon_key_is_nobody_only_if_it_is_the_projects(project: Project) -> None:
    key = jwt.encode({"iss": "supabase", "role": "anon", "exp": int(time.time()) + 60}, SECRET, algorithm="HS256")
    assert await shared(publishable_key=key).caller(f"Bearer {key}") is ANONYMOUS
    with pytest.raises(UnauthenticatedError):
        await shared().caller(f"Bearer {key}")


async def test_a_verified_anon_token_is_nobody(verifier: TokenVerifier, project: Project) -> None:
    assert await verifier.caller(f"Bearer {project.key.token(USER, role='anon')}") is ANONYMOUS


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"nbf": int(time.time()) + 86_400}, "not valid yet"),
        ({"aud": "somebody-else"}, "audience"),
        ({"aud": ["other"]}, "audience"),
        ({"iss": "https://other.supabase.co/auth/v1"}, "another project"),
        ({"iss": "http://supabase.test"}, "another project"),
        ({"exp": None}, "lacks"),
        ({"sub": None}, "lacks"),
        ({"aud": None}, "lacks"),
        ({"iss": None}, "lacks"),
        ({"sub": "not a uuid"}, "malformed"),
        ({"sub": "{6b1f6f4e-2f0e-4a51-9d7c-3d7f6a1f0b11}"}, "malformed"),
        ({"sub": 7}, "malformed"),
        ({"exp": [1]}, "malformed"),
        ({"exp": 1e400}, "malformed"),
        ({"user_metadata": {"name": "a\x00b"}}, "malformed"),
        ({"user_metadata": {"name": "\\\x00"}}, "malformed"),
        ({"user_metadata": {"name": "\ud800"}}, "malformed"),
    ],
)
async def test_claims_that_do_not_hold(
    verifier: TokenVerifier, project: Project, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(UnauthenticatedError, match=words) as refusal:
        await verifier.caller(f"Bearer {project.key.token(USER, **changes)}")
    assert refusal.value.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')


@pytest.mark.parametrize("role", ["service_role", "postgres", "", 7, None, ["authenticated"]])
async def test_other_roles_are_refused(verifier: TokenVerifier, project: Project, role: Any) -> None:
    with pytest.raises((ForbiddenError, UnauthenticatedError)):
        await verifier.caller(f"Bearer {project.key.token(USER, role=role)}")


async def test_a_service_key_is_refused_in_words() -> None:
    key = jwt.encode({"iss": "supabase", "role": "service_role", "exp": int(time.time()) + 60}, SECRET, "HS256")
    with pytest.raises(UnauthenticatedError, match="service keys are not accepted"):
        await shared().caller(f"Bearer {key}")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Token abc",
        "Bearer not-a-token",
        "Bearer a.b.c",
        "Bearer ...",
        "Bearer sb_publishable_of_another",
        "Bearer sb_secret_key",
        "Bearer é.é.é",
        "Bearer \udcff.a.b",
        f"Bearer {'a' * 100_000}",
        f"Bearer {unsigned({'alg': 'ES256', 'kid': 'key-1'}, {})}",
        f"Bearer {base64.urlsafe_b64encode(b'[' * 10_000).decode()}.e30.aa",
    ],
)
async def test_what_is_no_token_is_refused(verifier: TokenVerifier, header: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await verifier.caller(header)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256", "RS256", "", None, 7])
async def test_the_algorithm_is_never_the_tokens_choice(
    verifier: TokenVerifier, project: Project, algorithm: Any
) -> None:
    token = unsigned({"alg": algorithm, "kid": project.key.key_id, "typ": "JWT"}, claims_for(USER))
    with pytest.raises(UnauthenticatedError):
        await verifier.caller(f"Bearer {token}")


async def test_the_public_key_is_no_shared_secret(verifier: TokenVerifier, project: Project) -> None:
    """The classic confusion: HS256, signed with the bytes of the key that everybody may read."""
    pem = project.key.private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    forged = jwt.api_jws.PyJWS()
    forged.unregister_algorithm("HS256")
    forged.register_algorithm("HS256", _AnyKey())
    token = forged.encode(json.dumps(claims_for(USER)).encode(), pem, algorithm="HS256", headers={"kid": "key-1"})
    with pytest.raises(UnauthenticatedError, match="not signed with ES256"):
        await verifier.caller(f"Bearer {token}")


async def test_an_es256_token_does_not_pass_where_hs256_is_configured(project: Project) -> None:
    with pytest.raises(UnauthenticatedError, match="not signed with HS256"):
        await shared().caller(f"Bearer {project.key.token(USER)}")


async def test_another_projects_key_of_the_same_id_is_a_forgery(verifier: TokenVerifier, project: Project) -> None:
    with pytest.raises(UnauthenticatedError, match="signature"):
        await verifier.caller(f"Bearer {SigningKey(project.key.key_id).token(USER)}")


async def test_an_unknown_key_is_refused(verifier: TokenVerifier) -> None:
    with pytest.raises(UnauthenticatedError, match="a key that the project does not have"):
        await verifier.caller(f"Bearer {SigningKey('unknown').token(USER)}")


async def test_a_changed_token_is_refused(verifier: TokenVerifier, project: Project) -> None:
    header, _, signature = project.key.token(USER).split(".")
    other = base64.urlsafe_b64encode(json.dumps(claims_for(uuid.uuid4())).encode()).decode().rstrip("=")
    with pytest.raises(UnauthenticatedError, match="signature"):
        await verifier.caller(f"Bearer {header}.{other}.{signature}")


async def test_hs256_by_configuration() -> None:
    token = jwt.encode(claims_for(USER), SECRET, algorithm="HS256")
    assert (await shared().caller(f"Bearer {token}")).user_id == USER
    forged = jwt.encode(claims_for(USER), SECRET + "x", algorithm="HS256")
    with pytest.raises(UnauthenticatedError, match="signature"):
        await shared().caller(f"Bearer {forged}")


async def test_without_keys_nothing_is_decided(verifier: TokenVerifier, project: Project) -> None:
    project.is_down = True
    with pytest.raises(AuthKeysUnavailableError) as refusal:
        await verifier.caller(f"Bearer {project.key.token(USER)}")
    assert refusal.value.status == 503
    assert refusal.value.headers["Retry-After"]


class CountingKeys:
    """A key source that counts."""

    def __init__(self, key: SigningKey) -> None:
        self.key_of_project: jwt.PyJWK | None = jwt.PyJWK(key.public())
        self.asked = 0

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        self.asked += 1
        return self.key_of_project


async def test_verified_claims_are_kept_for_a_minute_and_not_past_their_end(clock: Clock) -> None:
    key = SigningKey()
    keys = CountingKeys(key)
    verifier = TokenVerifier({"ES256": keys}, issuer=ISSUER, publishable_keys=[PUBLISHABLE_KEY], clock=clock)
    long, short = key.token(USER), key.token(USER, exp=int(clock.now) + 30)
    for _ in range(5):
        await verifier.caller(f"Bearer {long}")
        await verifier.caller(f"Bearer {short}")
    assert keys.asked == 2
    keys.key_of_project = None  # revoked
    clock.advance(31)
    await verifier.caller(f"Bearer {long}")
    with pytest.raises(UnauthenticatedError):
        await verifier.caller(f"Bearer {short}")
    clock.advance(CACHE_S)
    with pytest.raises(UnauthenticatedError):
        await verifier.caller(f"Bearer {long}")


async def test_the_cache_is_bounded() -> None:
    key = SigningKey()
    keys = CountingKeys(key)
    verifier = TokenVerifier({"ES256": keys}, issuer=ISSUER, publishable_keys=[PUBLISHABLE_KEY], cache_size=3)
    tokens = [key.token(uuid.uuid4()) for _ in range(4)]
    for token in [*tokens, tokens[3]]:
        await verifier.caller(f"Bearer {token}")
    assert keys.asked == 4
    await verifier.caller(f"Bearer {tokens[0]}")
    assert keys.asked == 5


async def test_keys_of_several_kinds_hold_side_by_side(project: Project) -> None:
    """While a project moves from its secret to keys of its own, and from one publishable key to another."""
    rsa_key = rsa.generate_private_key(65537, 2048)
    published = [project.key.public(), {**json.loads(RSAAlgorithm.to_jwk(rsa_key.public_key())), "kid": "rsa"}]
    answer = httpx2.MockTransport(lambda _request: httpx2.Response(200, json={"keys": published}))
    async with httpx2.AsyncClient(transport=answer) as client:
        keys = JwksCache(f"{ISSUER}/.well-known/jwks.json", client, Policy("auth_keys", 2.0))
        sources: dict[str, KeySource] = {"ES256": keys, "RS256": keys, "HS256": SharedSecret(SECRET)}
        verifier = TokenVerifier(sources, issuer=ISSUER, publishable_keys=[PUBLISHABLE_KEY, "the key before"])
        claims = claims_for(USER)
        tokens = [
            project.key.sign(claims),
            jwt.encode(claims, rsa_key, algorithm="RS256", headers={"kid": "rsa"}),
            jwt.encode(claims, SECRET, algorithm="HS256"),
        ]
        for token in tokens:
            assert (await verifier.caller(f"Bearer {token}")).user_id == USER
        for key in (PUBLISHABLE_KEY, "the key before"):
            assert await verifier.caller(f"Bearer {key}") is ANONYMOUS
        # A key verifies by its own algorithm alone.
        mixed = jwt.encode(claims, rsa_key, algorithm="RS256", headers={"kid": project.key.key_id})
        with pytest.raises(UnauthenticatedError, match="does not have"):
            await verifier.caller(f"Bearer {mixed}")
        await keys.close()


class _AnyKey(jwt.algorithms.HMACAlgorithm):
    """HS256 that signs with a public key, which PyJWT itself refuses to do."""

    def __init__(self) -> None:
        super().__init__(jwt.algorithms.HMACAlgorithm.SHA256)

    def prepare_key(self, key: str | bytes) -> bytes:
        return key if isinstance(key, bytes) else key.encode()
