"""What became of the prizes after the list was published: claims by state, and by when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ui.answers import Award, Claim, Claims, Season
from ui.parts.bars import Bar, bar_list
from ui.parts.figures import full_minute, masked, minute, number
from ui.parts.markup import element, text
from ui.parts.names import board_name
from ui.parts.plain_table import plain_table, two_lines
from ui.texts import Texts

STATES: Final = (
    "won",
    "claimed",
    "sent",
    "ready",
    "delivered",
    "collected",
    "returned",
    "lapsed",
)
DONE: Final = frozenset({"delivered", "collected"})
LOST: Final = frozenset({"returned", "lapsed"})


def claim_bars(claims: Claims, season: Season, words: Texts) -> str:
    """Write how many prizes stand in each state; the title says what is open and until when."""
    total = sum(claims.states.values())
    waiting = claims.states.get("won", 0)
    deadline = full_minute(max(one.deadline for one in claims.claims), season.timezone, words)
    key = "claims.message" if waiting else "claims.message_done"
    title = words(key, waiting=number(waiting), total=number(total), deadline=deadline)
    known = [*STATES, *sorted(set(claims.states) - set(STATES))]
    bars = [
        Bar(
            words.name_of("claim", state),
            claims.states[state],
            words("claims.prizes", count=number(claims.states[state])),
            css="fc-bar-less" if state in LOST else "",
        )
        for state in known
        if claims.states.get(state)
    ]
    return bar_list(title, bars, whole=total)


def claim_table(claims: Claims, awards: Sequence[Award], season: Season, words: Texts) -> str:
    """Write the claims of the prizes that are shown."""
    of_prize = {one.prize: one for one in claims.claims}
    pairs = [
        (award, of_prize[f"{award.board}:{award.place}"])
        for award in awards
        if f"{award.board}:{award.place}" in of_prize
    ]
    columns = (
        ("fc-name", words("prizes.reward")),
        ("fc-holder", words("prizes.holder")),
        ("fc-safety", words("claims.state")),
        ("fc-name fc-wide", words("claims.delivery")),
        ("fc-when", words("claims.deadline")),
    )
    return plain_table(columns, (_cells(award, one, season, words) for award, one in pairs))


def _cells(award: Award, claim: Claim, season: Season, words: Texts) -> tuple[str, ...]:
    place = words("claims.place", board=board_name(award.board, words), place=number(award.place))
    css = "fc-state"
    if claim.state in DONE:
        css += " fc-safe"
    elif claim.state in LOST:
        css += " fc-risk"
    changed = claim.changed_at or claim.claimed_at
    since = minute(changed, season.timezone, words) if changed is not None else ""
    state = element("span", css, text(words.name_of("claim", claim.state)))
    way = words.name_of("delivery", claim.delivery) if claim.delivery else words("standings.none")
    return (
        two_lines(award.name.in_language(words.language), place),
        text(award.masked or masked(claim.member)),
        state + (element("span", "fc-sub", text(since)) if since else ""),
        two_lines(way, claim.station or ""),
        text(minute(claim.deadline, season.timezone, words)),
    )
