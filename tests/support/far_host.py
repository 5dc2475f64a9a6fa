"""A host of its own, in a network namespace, from which a server is reached; the network to it can swallow everything.

    caller ──(a pair of virtual interfaces)──► forwarder in the namespace ──(socket in the file system)──► server

Wants root and iproute2. Run as a program, this is the forwarder.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*command: str, may_fail: bool = False) -> bool:
    """Run `ip` with these words; whether it succeeded. CalledProcessError unless it may fail."""
    return subprocess.run(["ip", *command], check=not may_fail, capture_output=True).returncode == 0


class FarHost:
    """A network namespace with an address that this host reaches, and a port there that leads to `target_port` here."""

    def __init__(self, directory: Path) -> None:
        """Keep the socket in `directory`; nothing is made yet."""
        number = os.getpid()
        self._name, self._near, self._far = f"far{number}", f"near{number}"[-15:], "far0"
        network = f"198.18.{number % 256}"  # reserved for tests of networks (RFC 2544)
        self._near_address, self.address = f"{network}.1", f"{network}.2"
        self.port = 5432
        self._socket = directory / "far.sock"

    @asynccontextmanager
    async def running(self, target_port: int) -> AsyncIterator[bool]:
        """Lead to a port of this host; whether that can be done here."""
        if shutil.which("ip") is None or not run("netns", "add", self._name, may_fail=True):
            yield False
            return
        try:
            self._connect()
            async with self._serving(target_port), self._forwarding():
                yield True
        finally:
            run("netns", "del", self._name)  # the interfaces go with it

    def vanish(self) -> None:
        """Every packet from and to the host is lost, and nobody is told."""
        run("-n", self._name, "route", "add", "blackhole", f"{self._near_address}/32")

    def appear(self) -> None:
        """As if nothing had been."""
        run("-n", self._name, "route", "del", "blackhole", f"{self._near_address}/32")

    def _connect(self) -> None:
        run("link", "add", self._near, "type", "veth", "peer", "name", self._far, "netns", self._name)
        run("addr", "add", f"{self._near_address}/30", "dev", self._near)
        run("link", "set", self._near, "up")
        run("-n", self._name, "addr", "add", f"{self.address}/30", "dev", self._far)
        run("-n", self._name, "link", "set", self._far, "up")
        # What comes from where nothing could be sent to is dropped as well: so both directions are black.
        setting = "echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter"
        run("netns", "exec", self._name, "sh", "-c", setting)

    @asynccontextmanager
    async def _serving(self, target_port: int) -> AsyncIterator[None]:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await join(reader, writer, asyncio.open_connection("127.0.0.1", target_port))

        server = await asyncio.start_unix_server(accept, self._socket)
        try:
            yield
        finally:
            server.close()

    @asynccontextmanager
    async def _forwarding(self) -> AsyncIterator[None]:
        forwarder = await asyncio.create_subprocess_exec(
            "ip", "netns", "exec", self._name,
            sys.executable, "-m", "tests.support.far_host", self.address, str(self.port), str(self._socket),
            cwd=ROOT, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert forwarder.stdout is not None
            async with asyncio.timeout(20):
                assert await forwarder.stdout.readline() == b"listening\n"
            yield
        finally:
            forwarder.terminate()
            await forwarder.wait()


async def join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    connecting: Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]],
) -> None:
    """Pass bytes both ways between one end and the one that is being connected, until either closes."""
    try:
        other_reader, other_writer = await connecting
    except OSError:
        writer.transport.abort()
        return
    ends = asyncio.gather(_pump(reader, other_writer), _pump(other_reader, writer))
    try:
        await ends
    finally:
        writer.transport.abort()
        other_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):  # the other end is gone, so this one goes as well
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def forward(address: str, port: int, socket: str) -> None:
    """Listen at the address and pass everything on to the socket, until killed."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await join(reader, writer, asyncio.open_unix_connection(socket))

    server = await asyncio.start_server(accept, address, port)
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(forward(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
