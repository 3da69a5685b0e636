"""Start of a child process that must not outlive its parent.

Run as a program: `python lifeline.py PARENT_PID COMMAND…` asks the kernel to kill this process
when the parent's thread ends, then becomes the command. It is a program of its own because
running Python between fork and exec of a process with threads may hang.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def main(arguments: list[str]) -> None:
    """Tie this process to its parent where the system can, then become the command."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        # SIGKILL, not SIGTERM: a stopped server must go too, and with fsync at every write
        # there is nothing left to save.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the parent ended before the command started")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
