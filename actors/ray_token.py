"""Ray's token: whoever reaches a Ray cluster without one can run code on it."""

from __future__ import annotations

import ipaddress
import logging
import os
import sys
from pathlib import Path
from typing import Final

MODE: Final = "RAY_AUTH_MODE"
TOKEN: Final = "RAY_AUTH_TOKEN"
TOKEN_PATH: Final = "RAY_AUTH_TOKEN_PATH"
_HERE: Final = ("auto", "local", "localhost", "")

log = logging.getLogger(__name__)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a host.

    >>> [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "db")]
    [True, True, True, False, False]
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def need_ray_token(address: str) -> None:
    """See to it that a cluster beyond this machine is joined with a token only.

    Ray reads its environment when it is loaded, and asks for a token by itself only where it
    starts or finds a cluster on this machine: call this before.

    Raises:
        ValueError: there is none, and nobody said that the cluster goes without.
    """
    host = address.partition("://")[2] or address
    host = host.rpartition(":")[0] or host
    if host in _HERE or is_loopback(host):
        return
    mode = os.environ.get(MODE, "").lower()
    if mode == "disabled":
        log.warning(
            "%s=disabled: whoever reaches Ray at %s can run code there and read every event",
            MODE,
            address,
        )
        return
    default = Path.home() / ".ray" / "auth_token"
    if not (os.environ.get(TOKEN) or os.environ.get(TOKEN_PATH) or default.is_file()):
        raise ValueError(
            f"--ray-address {address}: no token of that cluster is here. Start it with {MODE}=token"
            f" and put its token into {default} (`ray get-auth-token --generate` on the head makes "
            f"one), {TOKEN_PATH} or {TOKEN}; {MODE}=disabled joins one that has none"
        )
    if mode != "token":
        if "ray" in sys.modules:
            raise ValueError(f"--ray-address {address}: set {MODE}=token; Ray was loaded without")
        os.environ[MODE] = "token"
