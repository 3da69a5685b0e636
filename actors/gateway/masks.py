"""Masks: what of an id may be shown in public."""

from __future__ import annotations


def masked(member: str) -> str:
    """Keep at most two characters at each end, and never more than half of a short id.

    >>> masked("m-000042"), masked("abc"), masked("a")
    ('m-•••42', 'a•••', '•••')
    """
    kept = min(2, len(member) // 4)
    if len(member) in (2, 3):
        return member[0] + "•••"
    return f"{member[:kept]}•••{member[-kept:]}" if kept else "•••"
