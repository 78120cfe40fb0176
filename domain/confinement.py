"""Confinement: what a child that opens a stranger's file can no longer do. Irreversible; Linux, else nothing.

Three layers that hold independently of each other: resource limits, Landlock (which files can be read) and
seccomp (which system calls fail). A kernel without one of the latter two leaves the others.
"""

import contextlib
import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterable

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
SECCOMP_MODE_FILTER = 2
CLONE_NEWUSER, CLONE_NEWNET, CLONE_THREAD = 0x10000000, 0x40000000, 0x00010000

# Landlock: system calls (the same numbers everywhere) and rights, by the version that brought them.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
RULE_PATH_BENEATH = 1
EXECUTE, READ_FILE, READ_DIR = 1 << 0, 1 << 2, 1 << 3
RIGHTS_OF_VERSION = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
TCP_SINCE, TCP_RIGHTS = 4, 0b11
SCOPE_SINCE, SCOPES = 6, 0b11

# seccomp: what a decoder has no use for, as each machine numbers it. It fails with EPERM.
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NETWORK = {"x86_64": (41, 42, 43, 49, 50, 53, 288), "aarch64": (198, 199, 200, 201, 202, 203, 242)}
"""socket, connect, accept, bind, listen, socketpair, accept4."""
OTHERS = {"x86_64": (62, 101, 310, 311, 434, 438), "aarch64": (117, 129, 270, 271, 434, 438)}
"""kill, ptrace, process_vm_readv and writev, pidfd_open, pidfd_getfd."""
KERNEL = {
    "x86_64": (155, 161, 165, 166, 175, 246, 248, 249, 250, 272, 298, 304, 308, 313, 321, 323, 425),
    "aarch64": (39, 40, 41, 51, 97, 104, 105, 217, 218, 219, 241, 264, 265, 268, 273, 280, 282, 425),
}
"""mount and its kin, chroot, modules, kexec, keys, unshare, setns, perf, bpf, userfaultfd, io_uring."""
EXECVE = {"x86_64": (59, 322), "aarch64": (221, 281)}
FORK = {"x86_64": (57, 58), "aarch64": ()}
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
LOAD, JUMP_EQUAL, JUMP_ANY_BIT, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000
EPERM, ENOSYS = 1, 38


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    if sys.platform == "linux":
        _libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def leave_network() -> None:
    """A network namespace of its own, without any interface, where the system allows it."""
    if sys.platform == "linux":
        libc = _libc()
        if libc.unshare(CLONE_NEWNET) != 0:
            libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def limit(*, memory_bytes: int, cpu_seconds: int, files: int) -> None:
    """No file can be written, and no core."""
    for limit_, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, files),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses RLIMIT_AS; the others hold
            resource.setrlimit(limit_, (value, value))


def confine(readable: Iterable[str | int] = (), executable: Iterable[str] = ()) -> None:
    """From here on nothing can be written, no network is there, and of files only these can be opened.

    readable: files, folders with all in them, or open files (that they may be opened anew).
    executable: programs that may be started; none: nothing can be started at all, not even a fork.
    """
    if sys.platform != "linux":
        return
    programs = list(executable)
    if _libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        _restrict_files(readable, programs)
        _restrict_calls(may_start=bool(programs))


def _restrict_files(readable: Iterable[str | int], executable: Iterable[str]) -> None:
    libc = _libc()
    version = libc.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    handled = sum(rights for since, rights in RIGHTS_OF_VERSION.items() if version >= since)
    tcp = TCP_RIGHTS if version >= TCP_SINCE else 0
    scopes = SCOPES if version >= SCOPE_SINCE else 0
    attributes = struct.pack("=QQQ", handled, tcp, scopes)
    size = 24 if scopes else 16 if tcp else 8
    ruleset = libc.syscall(CREATE_RULESET, attributes, size, 0)
    if ruleset < 0:
        return
    try:
        for place in readable:
            _allow(libc, ruleset, place, READ_FILE)
        for program in executable:
            _allow(libc, ruleset, program, READ_FILE | EXECUTE)
        libc.syscall(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, place: str | int, rights: int) -> None:
    """What does not exist needs no rule."""
    try:
        opened = os.open(place, os.O_PATH | os.O_CLOEXEC) if isinstance(place, str) else os.dup(place)
    except OSError:
        return
    try:
        if os.path.isdir(opened):
            rights |= READ_DIR
        libc.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, struct.pack("=Qi", rights, opened), 0)
    finally:
        os.close(opened)


def _restrict_calls(*, may_start: bool) -> None:
    machine = platform.machine()
    if machine not in ARCHITECTURES or sys.maxsize < 1 << 32:
        return
    denied = [*NETWORK[machine], *OTHERS[machine], *KERNEL[machine], *FORK[machine]]
    if not may_start:
        denied += EXECVE[machine]
    lines = [
        (LOAD, 0, 0, 4),
        (JUMP_EQUAL, 1, 0, ARCHITECTURES[machine]),
        (RETURN, 0, 0, FAIL | EPERM),
        (LOAD, 0, 0, 0),
        (JUMP_AT_LEAST, 0, 1, 0x40000000),  # the x32 calls of x86_64
        (RETURN, 0, 0, FAIL | EPERM),
        (JUMP_EQUAL, 0, 1, CLONE3),  # its flags cannot be seen from here; libc then takes clone
        (RETURN, 0, 0, FAIL | ENOSYS),
        (JUMP_EQUAL, 0, 4, CLONE[machine]),
        (LOAD, 0, 0, 16),
        (JUMP_ANY_BIT, 0, 1, CLONE_THREAD),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, FAIL | EPERM),
    ]
    for number in sorted(denied):
        lines += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, FAIL | EPERM)]
    lines.append((RETURN, 0, 0, ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines))
    program = struct.pack("@HP", len(lines), ctypes.addressof(code))
    _libc().prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)
