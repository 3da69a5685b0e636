"""What a draft says: its terms in plain words, what it changes, who moves tier, the lint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from ui.answers import Change, Draft, Finding, Season, Tiers
from ui.parts import notices
from ui.parts.bars import Bar, bar_list
from ui.parts.figures import day, money, number
from ui.parts.markup import element, show, text
from ui.parts.names import tier_name
from ui.parts.rules_draft import line_of
from ui.texts import Texts

TERMS_PX: Final = 620
EFFECTS: Final = ("worse", "better", "neutral")


def overview_shown(told: Draft, words: Texts) -> None:
    """Show the draft's terms as members read them."""
    if told.terms is None:
        notices.notice(words("rules.no_terms"), words("rules.no_terms_how"), words)
        return
    with st.container(height=TERMS_PX, border=True, key="terms"):
        st.markdown(smaller_heads(told.terms.in_language(words.language)))


def smaller_heads(markdown: str) -> str:
    """Set headings two levels down: the page's own title stays the greatest.

    >>> smaller_heads("# Terms\\n\\n- one")
    '### Terms\\n\\n- one'
    """
    return "\n".join(f"##{line}" if line.startswith("#") else line for line in markdown.split("\n"))


def changes_shown(told: Draft, words: Texts) -> None:
    """Show what the draft changes, what takes something from members first."""
    if told.errors:
        notices.notice(words("rules.no_terms"), words("rules.no_terms_how"), words)
    elif not told.changed:
        notices.notice(words("rules.same"), words("rules.same_how"), words)
    else:
        show(change_list(told.diff, words), words)


def change_list(changes: Sequence[Change], words: Texts) -> str:
    """Write the changes in groups: worse, better, neutral for members."""
    groups = []
    for effect in EFFECTS:
        said = [change for change in changes if change.effect == effect]
        if not said:
            continue
        lines = [
            element("li", "", text(change.in_language(words.language)), _path(change.path))
            for change in said
        ]
        title = words(f"rules.{effect}", changes=number(len(said)))
        groups.append(
            element(
                "section",
                f"fc-changes fc-changes-{effect}",
                element("strong", "fc-message", text(title)),
                element("ul", "fc-misses", *lines),
            )
        )
    return "".join(groups)


def tiers_shown(told: Draft, season: Season, words: Texts) -> None:
    """Show how many members would move from one tier to another at the next review."""
    if told.tiers is None or told.errors:
        return
    show(tier_bars(told.tiers, season, words), words)


def tier_bars(tiers: Tiers, season: Season, words: Texts) -> str:
    """Write the moves as bars, falls in another colour; those who stay are counted only."""
    levels = list(season.levels)
    moving = [one for one in tiers.moves if one.now != one.then]
    staying = sum(one.members for one in tiers.moves if one.now == one.then)
    at = day(tiers.review_at, season.timezone, words)
    if not moving:
        said = words("rules.nobody_moves", day=at, members=number(staying))
        return element("div", "fc-caption fc-gap-above", text(said))

    def falls(now: str, then: str) -> bool:
        return now in levels and (then not in levels or levels.index(then) < levels.index(now))

    down = sum(one.members for one in moving if falls(one.now, one.then))
    up = sum(one.members for one in moving) - down
    title = words("rules.tiers", day=at, down=number(down), up=number(up))
    bars = [
        Bar(
            f"{tier_name(one.now, words)} → {tier_name(one.then, words)}",
            one.members,
            words("campaign.people", members=number(one.members)),
            css="fc-bar-less" if falls(one.now, one.then) else "",
        )
        for one in sorted(moving, key=lambda one: -one.members)
    ]
    caption = [words("rules.staying", members=number(staying))]
    if tiers.months_missing:
        caption.append(words("rules.months_missing", months=number(tiers.months_missing)))
    return bar_list(title, bars) + element("div", "fc-caption", text(" ".join(caption)))


def findings_shown(told: Draft, draft: str, season: Season, words: Texts) -> None:
    """Show what the lint found, each with its line of the file."""
    if told.errors:
        notices.notice(words("rules.no_terms"), words("rules.no_terms_how"), words)
    elif not told.lint:
        notices.notice(words("rules.no_lint"), words("rules.no_lint_how"), words)
    else:
        warnings = sum(one.severity == "warning" for one in told.lint)
        title = words(
            "rules.lint", warnings=number(warnings), notes=number(len(told.lint) - warnings)
        )
        found = [_finding(one, draft, season, words) for one in told.lint]
        show(element("strong", "fc-message", text(title)) + "".join(found), words)


def _finding(one: Finding, draft: str, season: Season, words: Texts) -> str:
    head = words(f"rules.{one.severity}")
    kind = words.words.get(f"rules.found.{one.kind}", "")
    where = words("rules.line", line=number(one.line))
    leak = []
    if one.leak_points is not None:
        leak.append(words("standings.points", points=number(one.leak_points)))
    if one.leak_yuan is not None:
        leak.append(money(one.leak_yuan, season.currency))
    leaks = words("rules.leak", leak=", ".join(leak)) if leak else ""
    quoted = line_of(draft, one.line)
    return element(
        "section",
        f"fc-finding fc-finding-{one.severity}",
        element("b", "", text(" · ".join(part for part in (head, kind, where) if part))),
        element("code", "fc-quoted", text(quoted)) if quoted else "",
        element("p", "", text(one.message)),
        element("span", "fc-sub", text(leaks)) if leaks else "",
        _path(one.path),
    )


def _path(path: str) -> str:
    return element("span", "fc-sub fc-path", text(path))
