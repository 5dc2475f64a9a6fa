"""What processes cost, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.support import ScratchCluster


@dataclass(frozen=True)
class Cost:
    """Memory in bytes, shared pages divided among their users; processor time in seconds since the start."""

    memory: int
    cpu_s: float


def cost_of(pids: list[int]) -> Cost:
    """The processes `pids` together, and the processor time of their children that ended; those gone count nothing."""
    memory, ticks = 0, 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            continue
        memory += 1024 * sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        fields = stat.rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return Cost(memory, ticks / os.sysconf("SC_CLK_TCK"))


def server_pid(cluster: ScratchCluster) -> int:
    """The process id of PostgreSQL's main process."""
    return int((cluster.server.files.data / "postmaster.pid").read_text().split("\n", 1)[0])


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *map(int, children)]


def running_ns(pid: int) -> int:
    """The processor time of one process to the nanosecond, as its scheduler counts it."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0])


def busy_s(core: int) -> float:
    """Seconds for which this core was not idle since the machine began, whoever used it."""
    lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    fields = next(line.split() for line in lines if line.startswith(f"cpu{core} "))
    user, nice, system, _, _, interrupts, soft, stolen = map(int, fields[1:9])
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")
