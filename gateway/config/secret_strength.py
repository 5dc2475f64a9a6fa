"""What makes a secret too weak for production. Every function returns sentences that follow the setting's name."""

import base64
import json
import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

MIN_PASSWORD = 16
MIN_JWT_SECRET = 32  # RFC 7518, 3.2: a key at least as long as the hash
MIN_DIFFERENT = 8
INSIDE = (".internal", ".local", ".svc")
HOST = re.compile(r"\[[^\]]*\]|[^:]*")  # without its port

# Out of Supabase's own examples (docker/.env.example, `supabase start`) and every list of first guesses.
WELL_KNOWN = frozenset(
    {
        "super-secret-jwt-token-with-at-least-32-characters-long",
        "your-super-secret-jwt-token-with-at-least-32-characters-long",
        "your-super-secret-and-long-postgres-password",
        "postgres",
        "password",
        "changeme",
        "supabase",
        "tidegate",
        "tidegate_gateway",
        "tidegate_worker",
    }
)


def database_weaknesses(url: str) -> list[str]:
    """Weaknesses of a PostgreSQL URL: its password and its role."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ["is not an address."]
    if parts.scheme not in ("postgresql", "postgres"):
        return ["must be an address that begins with postgresql://, so that its password can be judged."]
    password = unquote(parts.password or "") or parse_qs(parts.query).get("password", [""])[0]
    found = secret_weaknesses(password, MIN_PASSWORD, "password")
    # A pooler's user name carries the project: postgres.abcdefgh.
    role = unquote(parts.username or "").split(".")[0]
    if role in ("postgres", "supabase_admin", "service_role"):
        found.append(f"logs in as {role}, which is not held to row level security; use the tidegate_… role.")
    return [*found, *_encryption_weaknesses(parts)]


def _encryption_weaknesses(parts: SplitResult) -> list[str]:
    """What a URL says of TLS: libpq's default goes on without it when the server, or who stands in between, says so."""
    asked = parse_qs(parts.query)
    mode = asked.get("sslmode", [""])[0]
    given = asked.get("host", [parts.netloc.rpartition("@")[2]])[0]
    hosts = [HOST.findall(host)[0].strip("[]") for host in unquote(given).split(",")]
    if mode in ("require", "verify-ca", "verify-full") or all(_is_this_machine(host) for host in hosts):
        return []
    if mode == "disable" and all(is_inside(host) for host in hosts):
        return []  # said on purpose, such as of a pooler beside the process
    return [
        "does not demand TLS: add sslmode=verify-full and sslrootcert, or sslmode=require. Within a network of your "
        "own sslmode=disable says that there is none."
    ]


def _is_this_machine(host: str) -> bool:
    address = _address(host)
    return host in ("", "localhost") or host.startswith("/") or (address is not None and address.is_loopback)


def is_inside(host: str) -> bool:
    """Whether the name or address is one that only a private network knows."""
    address = _address(host)
    return (address is not None and address.is_private) or "." not in host or host.endswith(INSIDE)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def jwt_secret_weaknesses(secret: str) -> list[str]:
    """Weaknesses of an HS256 secret: whoever guesses it can be anybody."""
    return secret_weaknesses(secret, MIN_JWT_SECRET, "secret")


def publishable_key_weaknesses(key: str) -> list[str]:
    """Weaknesses of a publishable key: it is public, but the demonstration key belongs to a known secret."""
    if _claims(key).get("iss") == "supabase-demo":
        return ["is the key of Supabase's public demonstration, whose secret everybody knows."]
    return []


def secret_weaknesses(secret: str, shortest: int, what: str) -> list[str]:
    """Weaknesses of any secret, called `what`, that should have `shortest` characters."""
    if not secret:
        return [f"has no {what}."]
    if secret.lower() in WELL_KNOWN:
        return [f"has a {what} that is published as an example."]
    if len(secret) < shortest:
        return [f"has a {what} of fewer than {shortest} characters."]
    if len(set(secret)) < MIN_DIFFERENT:
        return [f"has a {what} of fewer than {MIN_DIFFERENT} different characters."]
    return []


def carries_service_role(key: str) -> bool:
    """Whether `key` is a legacy JWT key of the role that bypasses row level security."""
    return _claims(key).get("role") == "service_role"


def _claims(key: str) -> Mapping[str, object]:
    """Payload of a key that is a JWT, unverified; empty for anything else."""
    parts = key.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}  # a key of another form has no claims
    return claims if isinstance(claims, dict) else {}
