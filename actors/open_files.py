"""Open files: let a process of many connections keep as many open as the machine allows."""

from __future__ import annotations

import resource


def allow_open_files(wanted: int) -> int:
    """Raise this process's own limit to what is wanted, at most to the machine's; gives the limit.

    The usual 1,024 would end where a thousand readers listen.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed
