"""Rules book: the versions of the season file that were in force, as a shard's log has them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from actors.store.folder import write_durably
from rules.compiled import Rules, compile_rules
from rules.season_file import load_season
from rules.version_checks import check_version
from rules.versions import successor

VERSIONS: Final = "versions"
"""The folder with a copy of each version after the first, for the operator to see."""


class Version(msgspec.Struct, frozen=True):
    """One version after the first: its number from 2, its hash, since when, and the file's text."""

    number: int
    rules_hash: str
    since_us: int
    text: str


class RulesBook:
    """The running rules, and how they came about from the file the folder began with."""

    def __init__(self, first: Rules) -> None:
        self.first = first
        self.rules = first
        self.file = first.season  # the running file as it was written
        self.versions: list[Version] = []

    @property
    def number(self) -> int:
        """Number the running version; the folder's first file is 1."""
        return 1 + len(self.versions)

    def version(self, text: str, since_us: int) -> Version:
        """Describe the version that a file's text would be, not adopted yet.

        Raises SeasonErrors for a text with errors, VersionRefused for one that can't go on.
        """
        rules = compile_rules(load_season(text, "the new version"))
        check_version(self.rules, rules, since_us)
        return Version(self.number + 1, rules.rules_hash, since_us, text)

    def adopt(self, version: Version) -> Rules:
        """Go on with a version that was checked; returns the rules that hold from here on."""
        rules = compile_rules(load_season(version.text, "the new version"))
        self.rules = successor(self.rules, rules)
        self.file = rules.season
        self.versions.append(version)
        return self.rules

    def close(self, ends_us: int) -> Rules:
        """End the season at an instant."""
        if ends_us != self.rules.ends_us:
            self.rules = self.rules.with_ends(ends_us)
        return self.rules

    def follow(self, versions: Sequence[Version], ends_us: int) -> Rules:
        """Catch up with a book that is ahead, and with its season's end."""
        for version in versions[len(self.versions) :]:
            self.adopt(version)
        return self.close(ends_us)

    def told(self) -> list[dict[str, Any]]:
        """List the versions for a snapshot."""
        found: list[dict[str, Any]] = msgspec.to_builtins(self.versions)
        return found

    @classmethod
    def restored(cls, first: Rules, told: list[dict[str, Any]], ends_us: int) -> RulesBook:
        """Rebuild the book that told() listed."""
        book = cls(first)
        book.follow(msgspec.convert(told, list[Version]), ends_us)
        return book


def encoded(version: Version, before: str) -> bytes:
    """Write a version as a log entry's payload; before is the hash of the rules it replaces."""
    return msgspec.json.encode(msgspec.to_builtins(version) | {"before": before})


def decoded(payload: bytes) -> Version:
    """Read a log entry's payload."""
    return msgspec.json.decode(payload, type=Version)


def keep_copy(data: Path, version: Version) -> None:
    """Keep a version's text in the data folder."""
    folder = data / VERSIONS
    folder.mkdir(exist_ok=True)
    name = f"{version.number:04d}-{version.rules_hash[:16]}.toml"
    write_durably(folder / name, version.text.encode())


def is_version(data: Path, rules_hash: str) -> bool:
    """Tell whether a data folder has a version of these rules."""
    return any((data / VERSIONS).glob(f"*-{rules_hash[:16]}.toml"))
