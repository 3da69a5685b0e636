"""Ways of delivery as `--notify` names them: `file` and `webhook=URL`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

SECRET_ENV: Final = "FORECOURT_WEBHOOK_SECRET"
SECRET_LENGTH_MIN: Final = 16


@dataclass(frozen=True, slots=True)
class Way:
    """One way of delivery: its lane's name, and where a webhook posts to."""

    lane: str
    url: str = ""


def read_way(text: str) -> Way:
    """Read one value of `--notify`.

    >>> read_way("webhook=https://crm.example/notices")
    Way(lane='webhook', url='https://crm.example/notices')

    Raises:
        ValueError: when it is neither.
    """
    name, _, url = text.partition("=")
    if name == "file" and not url:
        return Way("file")
    if name == "webhook":
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return Way("webhook", url)
        raise ValueError(f"--notify {text}: give an address, as webhook=https://host/path")
    raise ValueError(f"--notify {text}: give file, or webhook=URL")


def check_ways(texts: Sequence[str], secret: str) -> list[Way]:
    """Read all values of `--notify`.

    Raises:
        ValueError: for one that can't be read, one given twice, or a webhook without its secret.
    """
    ways = [read_way(text) for text in texts]
    lanes = [way.lane for way in ways]
    for lane in lanes:
        if lanes.count(lane) > 1:
            raise ValueError(f"--notify {lane} is given twice: give it once")
    if "webhook" in lanes and len(secret) < SECRET_LENGTH_MIN:
        raise ValueError(
            f"--notify webhook signs what it posts: set {SECRET_ENV} to a secret of at least "
            f"{SECRET_LENGTH_MIN} characters"
        )
    return ways
