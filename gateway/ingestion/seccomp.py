"""The system calls that are left to a parser: none that opens a file or a socket, or starts or signals a process.

A filter of the kernel (seccomp, Linux 3.17), set by the process itself, for good and for all its threads. What is not
listed fails with EPERM, so that a library finds a file or a network missing rather than dies. Memory, threads, clocks
and the pipes that are open already are all that reading a file needs.
"""

import ctypes
import platform
import struct
from collections.abc import Iterable, Iterator
from typing import Final

# Numbers of system calls (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h).
X86_64: Final = {
    **{"read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11},
    **{"brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "ioctl": 16, "pread64": 17},
    **{"readv": 19, "writev": 20, "sched_yield": 24, "mremap": 25, "mincore": 27, "madvise": 28, "nanosleep": 35},
    **{"getpid": 39, "exit": 60, "fcntl": 72, "gettimeofday": 96, "getrusage": 98, "getppid": 110, "sigaltstack": 131},
    **{"gettid": 186, "futex": 202, "sched_getaffinity": 204, "clock_gettime": 228, "clock_getres": 229},
    **{"clock_nanosleep": 230, "exit_group": 231, "set_robust_list": 273, "getrandom": 318, "membarrier": 324},
    **{"rseq": 334, "epoll_wait": 232, "epoll_ctl": 233, "epoll_pwait": 281},
    **{"eventfd2": 290, "epoll_create1": 291, "tgkill": 234, "clone": 56},
}
AARCH64: Final = {
    **{"fcntl": 25, "ioctl": 29, "close": 57, "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66},
    **{"pread64": 67, "ppoll": 73, "fstat": 80, "exit": 93, "exit_group": 94, "futex": 98, "set_robust_list": 99},
    **{"nanosleep": 101, "clock_gettime": 113, "clock_getres": 114, "clock_nanosleep": 115, "sched_getaffinity": 123},
    **{"sched_yield": 124, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139},
    **{"getrusage": 165, "gettimeofday": 169, "getpid": 172, "getppid": 173, "gettid": 178, "brk": 214, "munmap": 215},
    **{"mremap": 216, "mmap": 222, "mprotect": 226, "mincore": 232, "madvise": 233, "getrandom": 278},
    **{"membarrier": 283, "rseq": 293, "eventfd2": 19, "epoll_create1": 20, "epoll_ctl": 21, "epoll_pwait": 22},
    **{"tgkill": 131, "clone": 220},
}
# Name of the machine: the kernel's number of it, the calls, and the one call that is said not to exist, so that the C
# library makes threads by clone, whose flags a filter can see.
MACHINES: Final = {"x86_64": (0xC000003E, X86_64, 435), "aarch64": (0xC00000B7, AARCH64, 435)}
SOCKET: Final = {"x86_64": 41, "aarch64": 198}
# Of every machine: by a ring, sockets could be opened without the call.
IO_URING_SETUP: Final = 425
# Set in the numbers of a second table of x86_64 (x32).
OTHER_TABLE: Final = 0x40000000

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
CLONE_THREAD = 0x00010000
ALLOW, REFUSE, MISSING, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
# Of struct seccomp_data: the call, the machine, and the low half of the first argument.
CALL, MACHINE, FIRST = 0, 4, 16
LOAD, JUMP_IF_EQUAL, JUMP_IF_SET, RETURN = 0x20, 0x15, 0x45, 0x06

Instruction = tuple[int, int, int, int]


class SandboxError(Exception):
    """The kernel does not confine the process."""


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def confine(pid: int) -> None:
    """Leave the process `pid`, which is this one, nothing but the listed calls. SandboxError."""
    _install(_program(platform.machine(), pid))


def refuse_sockets() -> None:
    """Leave this process, and all that it starts, every call but those that open a socket. SandboxError.

    Pairs of sockets that are connected to each other are made by another call: event loops need them.
    """
    _install(_without_sockets(platform.machine()))


def _install(instructions: Iterable[Instruction]) -> None:
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(buffer))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)):
        raise SandboxError(f"the kernel refuses a seccomp filter (error {ctypes.get_errno()})")


def _of_this_machine(machine: str) -> Iterator[Instruction]:
    """Load the call, once it is sure by which table it is numbered."""
    if machine not in MACHINES:
        raise SandboxError(f"system calls of {machine} are not known; x86_64 and aarch64 are")
    yield LOAD, 0, 0, MACHINE
    yield JUMP_IF_EQUAL, 1, 0, MACHINES[machine][0]
    yield RETURN, 0, 0, KILL
    yield LOAD, 0, 0, CALL


def _without_sockets(machine: str) -> Iterator[Instruction]:
    yield from _of_this_machine(machine)
    yield JUMP_IF_SET, 0, 1, OTHER_TABLE
    yield RETURN, 0, 0, KILL
    for call in (SOCKET[machine], IO_URING_SETUP):
        yield JUMP_IF_EQUAL, 0, 1, call
        yield RETURN, 0, 0, REFUSE
    yield RETURN, 0, 0, ALLOW


def _program(machine: str, pid: int) -> Iterator[Instruction]:
    yield from _of_this_machine(machine)
    _, calls, clone3 = MACHINES[machine]
    yield JUMP_IF_EQUAL, 0, 1, clone3
    yield RETURN, 0, 0, MISSING
    for name, call in calls.items():
        if name == "clone":  # threads alone
            yield from _if_first(call, JUMP_IF_SET, CLONE_THREAD)
        elif name == "tgkill":  # abort() signals its own process
            yield from _if_first(call, JUMP_IF_EQUAL, pid)
        else:
            yield JUMP_IF_EQUAL, 0, 1, call
            yield RETURN, 0, 0, ALLOW
    yield RETURN, 0, 0, REFUSE


def _if_first(call: int, jump: int, value: int) -> Iterator[Instruction]:
    yield JUMP_IF_EQUAL, 0, 4, call
    yield LOAD, 0, 0, FIRST
    yield jump, 0, 1, value
    yield RETURN, 0, 0, ALLOW
    yield RETURN, 0, 0, REFUSE
