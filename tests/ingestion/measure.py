"""Reads the hostile files in a process whose only children are parsers, so that their memory can be told.

    python -m tests.ingestion.measure       prints one JSON object

Run by test_hostile_files.py. A server listens whom nothing may call.
"""

import asyncio
import json
import os
import resource
import socket
import sys
import time
from typing import Any

from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.limits import Limits
from gateway.ingestion.process import read_file
from tests.ingestion.hostile_files import HostileFile, hostile_files

AT_A_TIME = min(max(os.cpu_count() or 2, 2), 8)
# What may end by the clock ends sooner; what is to be refused in certain words has time to be, on any machine.
HURRIED, PATIENT = Limits(seconds=5), Limits(seconds=300)


async def outcome(file: HostileFile, room: asyncio.Semaphore) -> dict[str, Any]:
    """What became of a file, and after how long."""
    async with room:
        started = time.monotonic()
        result: dict[str, Any]
        try:
            result = {
                "read": len(
                    (await read_file(file.data, file.name, None, PATIENT if file.says else HURRIED)).text.encode()
                )
            }
        except UnreadableError as error:
            result = {"error": str(error)}
        except Exception as error:  # the test fails for it and names it
            result = {"bug": repr(error)}
        return {"title": file.title, "says": file.says, "seconds": time.monotonic() - started, **result}


async def measure() -> dict[str, Any]:
    """All outcomes, the most memory of one process, and how often somebody called."""
    calls = []

    def called(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(called, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)):
        pass  # a server that hears nobody would prove nothing
    room = asyncio.Semaphore(AT_A_TIME)
    outcomes = await asyncio.gather(*(outcome(file, room) for file in hostile_files(port)))
    server.close()
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return {"outcomes": outcomes, "memory": memory, "calls": len(calls)}


if __name__ == "__main__":
    json.dump(asyncio.run(measure()), sys.stdout)
