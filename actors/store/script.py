"""Lua scripts of the store, one file per atomic operation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import redis

_FOLDER = Path(__file__).with_name("lua")


def script(client: redis.Redis, name: str) -> Any:
    """Give a Lua file as a callable of this client: `called(keys, arguments)`.

    It is sent to the server at its first use and again after a server lost it.
    """
    return client.register_script((_FOLDER / f"{name}.lua").read_bytes())
