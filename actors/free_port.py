"""Free port: whether the gateway can listen where it is asked to."""

from __future__ import annotations

import errno
import socket
import time


def free_port(host: str, port: int, within_s: float = 0.0) -> int:
    """Check that a port can be bound, or find a free one for 0; raises OSError.

    Waits for it where those who serve it are about to end.
    """
    ends_s = time.monotonic() + within_s
    while True:
        try:
            return _bound_port(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < ends_s:
                time.sleep(0.1)
                continue
            raise OSError(
                error.errno,
                f"{host}:{port} can't be used ({error.strerror}): give another --port or --host",
            ) from error


def _bound_port(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])
