"""This machine's address that others could reach."""

import socket

LOOPBACK = "127.0.0.1"


def outer_address() -> str:
    """Find an address of this machine beyond loopback, or loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # of no machine: documents use it
        except OSError:
            return LOOPBACK
        found: str = probe.getsockname()[0]
    return found
