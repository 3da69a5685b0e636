"""What a system's processes tell whoever looks: command lines, environments, ports, files."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import psutil


def descendants(pid: int) -> list[psutil.Process]:
    """List a process and all that it started."""
    own = psutil.Process(pid)
    return [own, *own.children(recursive=True)]


def telling(pid: int, secrets: Sequence[str]) -> list[str]:
    """Name the processes whose command line, or inherited environment, holds a secret.

    What a process was itself given is not counted: its parent chose that.
    """
    found = []
    for process in descendants(pid):
        try:
            words, given = " ".join(process.cmdline()), process.environ()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        inherited = "" if process.pid == pid else " ".join(given.values())
        if any(secret in words or secret in inherited for secret in secrets):
            found.append(words[:120])
    return found


def beyond_loopback(pid: int) -> list[str]:
    """Name what listens where other machines could reach it."""
    found = []
    for process in descendants(pid):
        try:
            sockets = process.net_connections(kind="inet")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        for one in sockets:
            if one.status != psutil.CONN_LISTEN:
                continue
            address = ip_address(one.laddr.ip)
            mapped = getattr(address, "ipv4_mapped", None)
            if not (mapped or address).is_loopback:
                found.append(f"{process.name()} {one.laddr.ip}:{one.laddr.port}")
    return found


def holding(folders: Sequence[Path], secrets: Sequence[str]) -> list[str]:
    """Name the files below some folders that hold a secret."""
    marks = [secret.encode() for secret in secrets]
    found = []
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                if any(mark in content for mark in marks):
                    found.append(str(path))
    return found
