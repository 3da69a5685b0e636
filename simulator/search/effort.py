"""Effort: how many seeds a search gives a file, step by step."""

from __future__ import annotations

from typing import Final

RUNGS: Final = {"quick": (2, 4, 8), "normal": (4, 8, 16), "full": (4, 16, 64)}
