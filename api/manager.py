"""What a service manager hears from this process: that it is ready, that it stops (systemd's Type=notify)."""

import contextlib
import os
import socket

READY, STOPPING = "READY=1", "STOPPING=1"


def tell_manager(state: str) -> None:
    """Does nothing where nobody listens; nothing depends on being heard."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as door:
        door.connect("\0" + address[1:] if address.startswith("@") else address)
        door.send(state.encode())
