"""Access tokens as Supabase Auth makes them, and the public keys to verify them with."""

import json
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

SUPABASE_URL = "http://supabase.test"
ISSUER = f"{SUPABASE_URL}/auth/v1"
PUBLISHABLE_KEY = "sb_publishable_of_this_project"


def claims_for(user_id: uuid.UUID | str | None, **changes: Any) -> dict[str, Any]:
    """The claims of a person's token, good for an hour; `changes` replaces some, None removes one."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "sub": str(user_id),
        "aud": "authenticated",
        "iss": ISSUER,
        "role": "authenticated",
        "iat": now,
        "exp": now + 3600,
        "app_metadata": {"provider": "email"},
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


@dataclass
class SigningKey:
    """A P-256 key of a project."""

    key_id: str = "key-1"
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def of_file(cls, path: Path) -> "SigningKey":
        """The key in the file in which Auth of the local stack keeps it."""
        (jwk,) = json.loads(path.read_text(encoding="utf-8"))
        private_key = ECAlgorithm(ECAlgorithm.SHA256).from_jwk(jwk)
        assert isinstance(private_key, ec.EllipticCurvePrivateKey)
        return cls(jwk["kid"], private_key)

    def sign(self, claims: dict[str, Any]) -> str:
        """A token with these claims."""
        return jwt.encode(claims, self.private_key, algorithm="ES256", headers={"kid": self.key_id})

    def token(self, user_id: uuid.UUID | str | None, **changes: Any) -> str:
        """A person's token."""
        return self.sign(claims_for(user_id, **changes))

    def public(self) -> dict[str, Any]:
        """The key as the project publishes it."""
        jwk: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(self.private_key.public_key()))
        return {**jwk, "kid": self.key_id, "alg": "ES256", "use": "sig"}


class Project:
    """What the gateway sees of a Supabase project over HTTP, as an httpx2 transport."""

    def __init__(self, *keys: SigningKey) -> None:
        self.keys = list(keys) or [SigningKey()]
        self.is_down = False
        self.requests: list[httpx2.Request] = []

    @property
    def key(self) -> SigningKey:
        """The key that it signs with."""
        return self.keys[0]

    @property
    def transport(self) -> httpx2.AsyncBaseTransport:
        """To give to an httpx2 client."""
        return httpx2.MockTransport(self._answer)

    def fetches(self) -> int:
        """How often the keys were asked for."""
        return sum(request.url.path.endswith("jwks.json") for request in self.requests)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.is_down:
            raise httpx2.ConnectError("refused", request=request)
        if request.url.path == "/auth/v1/.well-known/jwks.json":
            return httpx2.Response(200, json={"keys": [key.public() for key in self.keys]})
        if request.url.path == "/rest/v1/categories" and request.headers.get("apikey") == PUBLISHABLE_KEY:
            return httpx2.Response(200, json=[])
        return httpx2.Response(401)
