"""The address that a request is counted by: the connection's, or the one that a trusted proxy forwards.

An IPv6 caller is its /64 network, which providers give out whole.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
LOCAL = "local"
IPV6_PREFIX = 64
MAX_FORWARDED = 32  # entries of X-Forwarded-For that are looked at, from the right


class Addresses:
    """Finds the callers' addresses."""

    def __init__(self, trusted: Iterable[Network] = ()) -> None:
        """Believe X-Forwarded-For where one of the networks `trusted` sends it."""
        self._trusted = tuple(trusted)
        self.of_peer = lru_cache(maxsize=8192)(_normal)
        self.is_trusted = lru_cache(maxsize=8192)(self._is_trusted)

    def of(self, peer: str | None, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The caller's address: the rightmost forwarded one that is no trusted proxy's own, else the peer's."""
        if not self._trusted or not self.is_trusted(peer):
            return self.of_peer(peer)
        forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
        return self._forwarded(forwarded.rsplit(",", MAX_FORWARDED)) or self.of_peer(peer)

    def _forwarded(self, hops: Sequence[str]) -> str | None:
        address = None
        for hop in reversed(hops):
            found = _parsed(_without_port(hop.strip()))
            if found is None:
                break  # what stands left of it, anybody may have written
            address = str(found)
            if not self.is_trusted(address):
                break
        return None if address is None else self.of_peer(address)

    def _is_trusted(self, peer: str | None) -> bool:
        address = None if peer is None else _parsed(peer)
        return address is not None and any(address in network for network in self._trusted)


def network(text: str) -> Network:
    """The network or address that `text` names; ValueError."""
    return ip_network(text, strict=False)


def _normal(peer: str | None) -> str:
    address = None if peer is None else _parsed(peer)
    if address is None:
        return LOCAL if peer is None else peer[:64]
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
