"""Version checks: what a new version of a season file can't change while the season runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from rules.compiling.compiled import Rules

VERSIONS_MAX: Final = 1_000


class VersionRefused(ValueError):  # noqa: N818  says what is wrong, as every error here
    """A file can't take over from the running one; `refusals` says why, and each one's fix."""

    def __init__(self, refusals: list[str]) -> None:
        super().__init__("\n".join(refusals))
        self.refusals = refusals


def check_version(old: Rules, new: Rules, clock_us: int) -> None:
    """Raise VersionRefused when a file can't go on for the running one at a reading of the clock.

    new is the compiled file as it stands; a season that was closed keeps its end whatever the
    file says.
    """
    refusals = [*programme_refusals(old, new)]
    if new.season_id != old.season_id:
        refusals.append(
            f"season.id = {new.season_id!r}: the season that runs is {old.season_id!r}; "
            "a version keeps its id, another id opens the next season"
        )
    else:
        refusals += _window(old, new.with_ends(old.ends_us) if old.closed else new, clock_us)
        refusals += _scoring(old, new, clock_us)
    if refusals:
        raise VersionRefused(refusals)


def check_count(version: int) -> None:
    """Raise VersionRefused when a folder has seen as many versions as one can."""
    if version >= VERSIONS_MAX:
        raise VersionRefused(
            [f"{version} versions of the rules were in force: at most {VERSIONS_MAX} can be"]
        )


def programme_refusals(old: Rules, new: Rules) -> Iterator[str]:
    """Name what no file of a running programme can change."""
    for name in ("id", "timezone", "currency"):
        was, now = (getattr(rules.season.programme, name) for rules in (old, new))
        if was != now:
            yield (
                f"programme.{name} = {now!r}: the programme runs with {was!r}, which every "
                f"balance and day is kept in; write {was!r}, or start another programme in "
                "another data folder"
            )
    gone = [kind for kind in old.kinds if kind not in new.kinds]
    if gone:
        yield (
            f"members.kinds: {', '.join(gone)} can't go while members may be of that kind; keep "
            "it in the list"
        )


def _window(old: Rules, new: Rules, clock_us: int) -> Iterator[str]:
    """Name the instants that have passed and would move, or that would move into the past."""
    now = instant_text(clock_us)
    for key, name in (
        ("season.starts", "starts_us"),
        ("season.ends", "ends_us"),
        ("season.late_events", "score_end_us"),
        ("season.refund_hold", "final_us"),
    ):
        was_us, will_us = getattr(old, name), getattr(new, name)
        if was_us == will_us:
            continue
        if was_us <= clock_us:
            yield (
                f"{key}: moves {instant_text(was_us)} to {instant_text(will_us)}, but that "
                f"instant has passed ({now}); leave it as it was"
            )
        elif will_us <= clock_us:
            yield (
                f"{key}: moves {instant_text(was_us)} to {instant_text(will_us)}, which has "
                f"passed ({now}); write a later one, or end the season with "
                "`forecourt season close`"
            )


def _scoring(old: Rules, new: Rules, clock_us: int) -> Iterator[str]:
    """Name what scores and lists already stand on."""
    was, now = old.season.season, new.season.season
    if clock_us >= old.starts_us and set(was.score) != set(now.score):
        yield (
            f"season.score = {list(now.score)}: scores are made of {list(was.score)} since the "
            "season started; leave it, or change it for the next season"
        )
    if clock_us < old.final_us:
        return
    if was.tie_break != now.tie_break:
        yield (
            f"season.tie_break = {list(now.tie_break)}: the standings are final; leave "
            f"{list(was.tie_break)}"
        )
    if old.boards != new.boards:
        yield "boards: the standings are final; leave the boards as they were"
    gone = [level for level in old.levels if level not in new.levels]
    if gone:
        yield (
            f"tiers.levels: {', '.join(gone)} stands in the final standings; keep it, "
            "or remove it with the next season"
        )


def instant_text(at_us: int) -> str:
    """Write an instant in UTC to the second, or to the microsecond where it has a part of one."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
    return moment.isoformat().replace("+00:00", "Z")
