"""The podium: the first three, the leader in the middle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ui.answers import Row
from ui.parts.figures import number
from ui.parts.markup import element, text
from ui.parts.names import shown_name, tier_name
from ui.texts import Texts


def podium(rows: Sequence[Row], team: bool, rewards: Mapping[str, str], words: Texts) -> str:
    """Write the podium of the first three rows (fewer when there are fewer)."""
    steps = [_step(row, team, rewards, words) for row in rows[:3]]
    return element("section", "fc-podium", *steps, title=words("standings.podium"))


def _step(row: Row, team: bool, rewards: Mapping[str, str], words: Texts) -> str:
    under = "" if team else element("span", "fc-tier", text(tier_name(row.tier, words)))
    prize = ""
    if row.prize is not None:
        prize = element("span", "fc-prize", text(rewards.get(row.prize, row.prize)))
    return element(
        "article",
        f"fc-step fc-step-{row.rank}",
        element("span", "fc-medal", str(row.rank)),
        element("strong", "fc-who", text(shown_name(row, team))),
        element("span", "fc-score", text(words("standings.points", points=number(row.score)))),
        element("span", "fc-under", under, prize),
    )
