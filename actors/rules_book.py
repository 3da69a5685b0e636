"""Rules book: the versions of the season file that were in force, as a shard's log has them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from actors.season_versions import Stand, Version
from actors.store.folder import write_durably
from rules.compiling.compiled import Rules, compile_rules
from rules.judging.next_season import check_next_season
from rules.judging.version_checks import VersionRefused, check_version
from rules.judging.versions import successor
from rules.season.season_file import load_season

VERSIONS: Final = "versions"
"""The folder with a copy of each version after the first, for the operator to see."""


class RulesBook:
    """The running rules, and how they came about from the file the folder began with.

    upcoming are the rules of the next season until it opens, older those of the season before.
    """

    def __init__(self, first: Rules) -> None:
        self.first = first
        self.rules = first
        self.file = first.season  # the running file as it was written
        self.upcoming: Rules | None = None
        self.older: Rules | None = None
        self.versions: list[Version] = []

    @property
    def number(self) -> int:
        """Number the running version; the folder's first file is 1."""
        return 1 + len(self.versions)

    def version(self, text: str, since_us: int) -> Version:
        """Describe the version that a file's text would be, not adopted yet.

        Raises SeasonErrors for a text with errors, VersionRefused for one that can't go on.
        """
        self.check(compile_rules(load_season(text, "the new version")), since_us)
        rules = compile_rules(load_season(text, "the new version"))
        return Version(self.number + 1, rules.rules_hash, since_us, text)

    def check(self, rules: Rules, now_us: int) -> None:
        """Raise VersionRefused when a file can neither go on for the running one nor follow it."""
        if rules.season_id == self.rules.season_id:
            check_version(self.rules, rules, now_us)
        elif self.older is not None and rules.season_id == self.older.season_id:
            refusal = (
                f"season.id = {rules.season_id!r}: that season is over, {self.rules.season_id} "
                "runs; its rules can't change any more"
            )
            raise VersionRefused([refusal])
        else:
            check_next_season(self.rules, rules, self.older, now_us)

    def adopt(self, version: Version) -> Rules | None:
        """Go on with a version that was checked; returns the rules that hold from here on.

        None for the next season's file, which waits for its start.
        """
        rules = compile_rules(load_season(version.text, "the new version"))
        self.versions.append(version)
        if rules.season_id != self.rules.season_id:
            self.upcoming = rules
            return None
        self.rules = successor(self.rules, rules)
        self.file = rules.season
        return self.rules

    def open_next(self) -> None:
        """Let the next season be the running one."""
        assert self.upcoming is not None
        self.older, self.file = self.rules, self.upcoming.season
        self.rules = successor(self.rules, self.upcoming)
        self.upcoming = None

    def close(self, ends_us: int) -> Rules:
        """End the season at an instant."""
        if ends_us != self.rules.ends_us:
            self.rules = self.rules.with_ends(ends_us)
        return self.rules

    def follow(self, versions: Sequence[Version], stand: Stand) -> Rules:
        """Catch up with a shard that is ahead: its versions, its season, its ends."""
        for version in versions[len(self.versions) :]:
            if self.upcoming is not None and version.since_us >= self.upcoming.starts_us:
                self.open_next()
            self.adopt(version)
        if self.upcoming is not None and stand.season == self.upcoming.season_id:
            self.open_next()
        older_us = stand.older_ends_us
        if self.older is not None and older_us not in (None, self.older.ends_us):
            self.older = self.older.with_ends(older_us)
        return self.close(stand.ends_us)

    def told(self) -> list[dict[str, Any]]:
        """List the versions for a snapshot."""
        found: list[dict[str, Any]] = msgspec.to_builtins(self.versions)
        return found

    @classmethod
    def restored(cls, first: Rules, told: list[dict[str, Any]], stand: Stand) -> RulesBook:
        """Rebuild the book that told() listed."""
        book = cls(first)
        book.follow(msgspec.convert(told, list[Version]), stand)
        return book


def keep_copy(data: Path, version: Version) -> None:
    """Keep a version's text in the data folder."""
    folder = data / VERSIONS
    folder.mkdir(exist_ok=True)
    name = f"{version.number:04d}-{version.rules_hash[:16]}.toml"
    write_durably(folder / name, version.text.encode())


def is_version(data: Path, rules_hash: str) -> bool:
    """Tell whether a data folder has a version of these rules."""
    return any((data / VERSIONS).glob(f"*-{rules_hash[:16]}.toml"))
