"""Ports of the loopback interface for what tests start."""

import socket

from gateway.local.ports import HOST

_reserved: list[socket.socket] = []


def free_port() -> int:
    """A port for one server of this test run, which may start and stop on it as often as it likes.

    It stays bound here, and nothing listens on it: it refuses connections until the server does. The kernel gives it to
    nobody else meanwhile, be it for a connection of another process. Servers may bind it all the same, as all of ours
    set SO_REUSEADDR.
    """
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind((HOST, 0))
    _reserved.append(reserved)
    return int(reserved.getsockname()[1])
