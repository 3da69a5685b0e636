"""Start the pages: the command line and environment of Streamlit's own server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ui.certificates import PINNED

APP = Path(__file__).with_name("app.py")


def command(api_url: str, key: str, port: int) -> list[str]:
    """Give the command that serves the pages on loopback.

    `api_url` and `key` go by `environment` only: a command line can be read by every user of the
    machine. They are taken here so that a caller can't forget them.

    Raises:
        ValueError: the address or the key is missing.
    """
    if not api_url.startswith(("http://", "https://")):
        raise ValueError(f"api_url = {api_url!r}: must be an http:// or https:// address")
    if not key:
        raise ValueError("key is empty: the pages need a key with the role analyst or admin")
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(APP),
        "--server.headless=true",
        "--server.address=127.0.0.1",
        f"--server.port={port}",
        "--server.fileWatcherType=none",
        "--browser.gatherUsageStats=false",
        "--browser.serverAddress=127.0.0.1",
    ]


def environment(api_url: str, key: str, certificate: str = "") -> dict[str, str]:
    """Give the environment of that command: this one's, with the system's address and key.

    `certificate` is the file of the one that the system shows, "" without HTTPS.
    """
    return {
        **os.environ,
        **({PINNED: certificate} if certificate else {}),
        "FORECOURT_URL": api_url,
        "FORECOURT_KEY": key,
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    }
