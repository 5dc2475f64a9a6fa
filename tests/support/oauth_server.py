"""Supabase Auth as an OAuth 2.1 server, after its documentation: supabase.com/docs/guides/auth/oauth-server.

Clients find it from the issuer by RFC 8414, register themselves by RFC 7591, and get a code for what a person consents
to on a page of the project's own. Tokens are those of people, with the claim `client_id`.
"""

import base64
import hashlib
import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import httpx2
import jwt

from tests.support.tokens import ISSUER, SUPABASE_URL, SigningKey, claims_for

CONSENT_PAGE = "https://shop.example/oauth/consent"
SCOPES = ["openid", "profile", "email", "phone", "offline_access"]
METHODS = ["client_secret_basic", "client_secret_post", "none"]
DISCOVERY = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/oauth/authorize",
    "token_endpoint": f"{ISSUER}/oauth/token",
    "registration_endpoint": f"{ISSUER}/oauth/clients/register",
    "jwks_uri": f"{ISSUER}/.well-known/jwks.json",
    "userinfo_endpoint": f"{ISSUER}/oauth/userinfo",
    "response_types_supported": ["code"],
    "response_modes_supported": ["query"],
    "grant_types_supported": ["authorization_code", "refresh_token"],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256", "HS256", "ES256"],
    "token_endpoint_auth_methods_supported": METHODS,
    "code_challenge_methods_supported": ["S256", "plain"],
    "scopes_supported": SCOPES,
}
Fields = dict[str, str]


class OAuthServer:
    """An Auth that signs with this key. `paths` are those that were asked for, in order."""

    def __init__(self, key: SigningKey) -> None:
        self.paths: list[str] = []
        self.expires_in_s = 3600
        """What clients are told of their tokens, which hold for an hour."""
        self._key = key
        self._clients: dict[str, dict[str, Any]] = {}
        self._asked: dict[str, Fields] = {}
        self._granted: dict[str, tuple[Fields, str]] = {}
        self._sessions: dict[str, tuple[str, str]] = {}

    @property
    def transport(self) -> httpx2.AsyncBaseTransport:
        """The project's address, for an httpx2 client."""
        return httpx2.MockTransport(self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        assert str(request.url).startswith(SUPABASE_URL)
        path = request.url.path
        self.paths.append(path)
        answers: dict[str, Callable[[httpx2.Request], httpx2.Response]] = {
            # RFC 8414 puts it before the issuer's path, OpenID behind it.
            "/.well-known/oauth-authorization-server/auth/v1": lambda _: httpx2.Response(200, json=DISCOVERY),
            "/auth/v1/.well-known/openid-configuration": lambda _: httpx2.Response(200, json=DISCOVERY),
            "/auth/v1/oauth/clients/register": self._register,
            "/auth/v1/oauth/authorize": self._authorize,
            "/auth/v1/oauth/token": self._token,
        }
        if path in answers:
            return answers[path](request)
        _, is_one, number = path.partition("/auth/v1/oauth/authorizations/")
        return self._consent(request, *number.split("/")) if is_one else httpx2.Response(404)

    def _register(self, request: httpx2.Request) -> httpx2.Response:
        wanted = json.loads(request.content)
        if any(urlsplit(uri).scheme == "http" and urlsplit(uri).hostname != "127.0.0.1" for uri in _uris(wanted)):
            return httpx2.Response(400, json={"code": "validation_failed"})
        method = wanted.get("token_endpoint_auth_method") or METHODS[0]
        client = {
            "client_id": str(uuid.uuid4()),
            "client_type": "public" if method == "none" else "confidential",
            "client_name": wanted.get("client_name", ""),
            "redirect_uris": _uris(wanted),
            "token_endpoint_auth_method": method,
            "grant_types": wanted["grant_types"],
            "response_types": ["code"],
            "registration_type": "dynamic",
        }
        if method != "none":
            client["client_secret"] = secrets.token_urlsafe(32)
        self._clients[client["client_id"]] = client
        return httpx2.Response(201, json=client)

    def _authorize(self, request: httpx2.Request) -> httpx2.Response:
        asked = dict(request.url.params)
        client = self._clients.get(asked.get("client_id", ""))
        if client is None or asked.get("redirect_uri") not in client["redirect_uris"]:
            return httpx2.Response(400, json={"code": "validation_failed"})
        if complaint := _complaint(asked):
            return _to(asked["redirect_uri"], error="invalid_request", error_description=complaint)
        number = secrets.token_urlsafe(16)
        self._asked[number] = {"scope": "email", **asked}
        return _to(CONSENT_PAGE, authorization_id=number)

    def _consent(self, request: httpx2.Request, number: str, decision: str = "") -> httpx2.Response:
        person = self._person(request)
        asked = self._asked[number]
        if not decision:
            client = self._clients[asked["client_id"]]
            shown = {"id": client["client_id"], "name": client["client_name"]}
            return httpx2.Response(200, json={"authorization_id": number, "client": shown, "scope": asked["scope"]})
        del self._asked[number]
        answer = {"error": "access_denied"}
        if json.loads(request.content) == {"action": "approve"}:
            answer = {"code": secrets.token_urlsafe(16)}
            self._granted[answer["code"]] = asked, person
        leads = _to(asked["redirect_uri"], **answer, state=asked["state"]).headers["location"]
        return httpx2.Response(200, json={"redirect_url": leads})

    def _token(self, request: httpx2.Request) -> httpx2.Response:
        sent = dict(parse_qsl(request.content.decode()))
        client = self._client(request, sent)
        if client is None:
            return httpx2.Response(401, json={"error": "invalid_client"})
        if sent["grant_type"] == "refresh_token":
            known, person = self._sessions.pop(sent["refresh_token"], ("", ""))
            is_good = known == client
        else:
            asked, person = self._granted.pop(sent["code"], ({}, ""))
            challenge = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest())
            is_good = asked.get("code_challenge") == challenge.decode().rstrip("=") and all(
                asked[name] == sent[name] for name in ("client_id", "redirect_uri", "resource")
            )
        return self._session(client, person) if is_good else httpx2.Response(400, json={"error": "invalid_grant"})

    def _session(self, client: str, person: str) -> httpx2.Response:
        """Every refresh token is good once."""
        claims = claims_for(person, client_id=client, aal="aal1", session_id=str(uuid.uuid4()))
        refresh_token = secrets.token_urlsafe(16)
        self._sessions[refresh_token] = client, person
        content = {
            "access_token": self._key.sign(claims),
            "token_type": "bearer",
            "expires_in": self.expires_in_s,
            "refresh_token": refresh_token,
        }
        return httpx2.Response(200, json=content)

    def _client(self, request: httpx2.Request, sent: Fields) -> str | None:
        """The client that asks, if it says who it is in the way that it was registered with."""
        method, basic = (
            "client_secret_post" if "client_secret" in sent else "none",
            request.headers.get("authorization"),
        )
        name, secret = sent.get("client_id", ""), sent.get("client_secret")
        if basic is not None:
            method = "client_secret_basic"
            name, secret = map(unquote, base64.b64decode(basic.removeprefix("Basic ")).decode().split(":"))
        client = self._clients[name]
        is_known = (method, secret) == (client["token_endpoint_auth_method"], client.get("client_secret"))
        return name if is_known else None

    def _person(self, request: httpx2.Request) -> str:
        token = request.headers["authorization"].removeprefix("Bearer ")
        key = self._key.private_key.public_key()
        return str(jwt.decode(token, key, algorithms=["ES256"], audience="authenticated")["sub"])


def _uris(wanted: dict[str, Any]) -> list[str]:
    return [str(uri) for uri in wanted["redirect_uris"]]


def _complaint(asked: Fields) -> str | None:
    """What is wrong with a request that is told to the client."""
    if asked.get("response_type") != "code":
        return "only response_type=code is supported"
    if not set(asked.get("scope", "").split()) <= set(SCOPES):
        return "unsupported scope"
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        return "PKCE is required"
    resource = urlsplit(asked.get("resource", ""))
    return None if resource.scheme and not resource.query and not resource.fragment else "resource must be absolute"


def _to(address: str, **query: str) -> httpx2.Response:
    return httpx2.Response(302, headers={"Location": f"{address}?{urlencode(query)}"})
