"""Where the server listens: sockets that it takes itself, or that a service manager took and handed over."""

import contextlib
import errno
import os
import socket

from domain.errors import DomainError

FIRST_HANDED = 3
"""The descriptors after stdin, stdout and stderr, as systemd's socket activation has it."""


class CannotServe(DomainError):
    """The server cannot start; the message says what to do about it."""

    code = "CANNOT_SERVE"
    http_status = 500


def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """The handed ones where there are any, whatever host and port say; else new ones. Raises CannotServe."""
    return handed_sockets() or bound_sockets(host, port)


def handed_sockets() -> list[socket.socket]:
    """Takes what was meant for this process, once: no child finds it again. Raises CannotServe in words."""
    meant_for, number = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if meant_for != str(os.getpid()) or not number.isdecimal():
        return []
    with contextlib.ExitStack() as opened:
        handed = []
        for descriptor in range(FIRST_HANDED, FIRST_HANDED + int(number)):
            os.set_inheritable(descriptor, False)
            handed.append(opened.enter_context(socket.socket(fileno=descriptor)))
            if not _takes_connections(handed[-1]):
                raise CannotServe(
                    "The service manager handed over something other than a listening TCP socket. "
                    "Name address and port in the socket unit, such as ListenStream=127.0.0.1:8484, "
                    "and leave Accept= out."
                )
        opened.pop_all()
    return handed


def _takes_connections(handed: socket.socket) -> bool:
    return (
        handed.family in (socket.AF_INET, socket.AF_INET6)
        and handed.type == socket.SOCK_STREAM
        and handed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
    )


def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """Takes the address before anything is started. Raises CannotServe in words."""
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            listener = socket.socket(family, kind, protocol)
            sockets.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address[0], sockets[0].getsockname()[1] or port, *address[2:]))
    except OSError as error:
        for listener in sockets:
            listener.close()
        raise CannotServe(in_words(error, host, port)) from error
    return sockets


def in_words(error: OSError, host: str, port: int) -> str:
    """Why it cannot be listened there, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program, maybe by another webref."
            " Stop that one or choose another port with --port."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this process has. Choose one above 1023 with --port."
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine. Choose another with --host, for example 127.0.0.1."
    return f"{host}:{port} cannot be listened on: {error.strerror}."
