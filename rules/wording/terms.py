"""Terms and conditions: everything a season file says to members, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from rules.season.season_models import Season
from rules.wording.terms_earning import cap, earning, multipliers, referral, tasks
from rules.wording.terms_season import boards, changes, personal, prizes, refunds, season_window
from rules.wording.terms_spending import (
    budgets,
    catalogue,
    checkout,
    coupons,
    expiry,
    notices,
    triggers,
)
from rules.wording.terms_tiers import tiers
from rules.wording.terms_words import LANGUAGES, Part, Words

PARTS = (
    earning,
    multipliers,
    cap,
    tasks,
    referral,
    tiers,
    expiry,
    catalogue,
    checkout,
    coupons,
    triggers,
    budgets,
    refunds,
    season_window,
    boards,
    prizes,
    notices,
    personal,
    changes,
)


def terms(season: Season, language: str) -> str:
    """Write the terms and conditions of a season in `zh` or `en`, as Markdown.

    Margins and what gifts and goods cost the programme are left out: they are no one's terms.

    Raises:
        ValueError: for any other language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language = {language!r}: must be {' or '.join(LANGUAGES)}")
    words = Words(season, language)
    title = words.named("season", season.season.id, season.season.name)
    lines = [f"# {words('title', season=title)}"]
    parts = [general(words), segments(words), *(part(words) for part in PARTS)]
    for number, part in enumerate((one for one in parts if one is not None and one.lines), 1):
        lines += ["", f"## {number}. {part.title}", "", *(_item(line) for line in part.lines)]
    return "\n".join(lines) + "\n"


def _item(line: str) -> str:
    """Make a list item; a line that is indented already is one."""
    return line if line.startswith(" ") else f"- {line}"


def general(words: Words) -> Part:
    """Say who runs the season, where, for whom, and how late an event may come."""
    season, programme = words.season, words.season.programme
    kinds = [words.named("kind", kind) for kind in season.members.kinds]
    lines = [
        words(
            "general.who",
            programme=words.named("programme", programme.id, programme.name),
            programme_id=programme.id,
            season_id=season.season.id,
        ),
        words("general.time", timezone=programme.timezone, currency=programme.currency),
        words(
            "general.kinds",
            kinds=words.joined(kinds),
            kind=words.named("kind", season.members.default_kind),
        ),
        words("general.late", late=words.duration(programme.accept_late)),
    ]
    if season.products:
        listed = words.joined([words.product(name) for name in season.products])
        lines.append(words("general.products", products=listed))
    if season.stations:
        listed = words.joined(list(_stations(words)))
        lines.append(words("general.stations", stations=listed))
    return words.part("general", lines)


def segments(words: Words) -> Part:
    """Define the groups of members that other parts may name."""
    return words.part(
        "segments",
        [
            words(
                "segments.one",
                title=words.titled("segment", name, one.name),
                where=words.where(one.where),
            )
            for name, one in words.season.segments.items()
        ],
    )


def _stations(words: Words) -> Iterator[str]:
    for name, station in words.season.stations.items():
        fields = [one for one in (station.region, station.brand, *station.fields.values()) if one]
        if fields:
            yield words("station", id=name, fields=words.joined(fields))
        else:
            yield name
