"""The table of prizes: place, reward, holder, lead, how safe, cost and tax."""

from __future__ import annotations

from collections.abc import Sequence

from ui.answers import Award, Season
from ui.parts.figures import money, number
from ui.parts.markup import element, text
from ui.parts.names import board_name, holder_name, team_boards
from ui.texts import Texts

TAX_WORDS = {
    "none": "prizes.tax_none",
    "programme_pays_20": "prizes.tax_paid",
    "winner_pays_20": "prizes.tax_winner",
}
COLUMNS = (
    ("fc-rank", "prizes.place"),
    ("fc-name", "prizes.reward"),
    ("fc-holder", "prizes.holder"),
    ("fc-money", "prizes.lead"),
    ("fc-safety", "prizes.state"),
    ("fc-money fc-cost", "prizes.cost"),
    ("fc-money fc-tax", "prizes.tax"),
)


def prize_table(awards: Sequence[Award], provisional: bool, season: Season, words: Texts) -> str:
    """Write the prizes under a heading for each board."""
    teams = team_boards(season.boards)
    lines = []
    for place, award in enumerate(awards):
        if place == 0 or awards[place - 1].board != award.board:
            name = text(board_name(award.board, words))
            lines.append(f'<tr class="fc-group"><td colspan="{len(COLUMNS)}">{name}</td></tr>')
        lines.append(_line(award, award.board in teams, provisional, season.currency, words))
    names = [element("th", css, text(words(key))) for css, key in COLUMNS]
    head = element("thead", "", element("tr", "", *names))
    return element(
        "div", "fc-scroll", element("table", "fc-board", head, element("tbody", "", *lines))
    )


def _line(award: Award, team: bool, provisional: bool, currency: str, words: Texts) -> str:
    kind = element("span", "fc-sub", text(words.name_of("kind", award.kind)))
    rank = ""
    if award.rank is not None:
        said = f"{words('prizes.rank')} {number(award.rank)}"
        rank = element("span", "fc-sub", text(said))
    tax_rule = ""
    if award.tax_rule != "none":
        said = words(TAX_WORDS.get(award.tax_rule, "prizes.tax_none"))
        tax_rule = element("span", "fc-sub", text(said))
    return element(
        "tr",
        "fc-row",
        element("td", "fc-rank", number(award.place)),
        element("td", "fc-name", text(award.name.in_language(words.language)), kind),
        element("td", "fc-holder", text(holder_name(award, team)), rank),
        element("td", "fc-money", *_lead(award, provisional, words)),
        element("td", "fc-safety", safety(award, provisional, words)),
        element("td", "fc-money fc-cost", text(money(award.unit_cost, currency))),
        element("td", "fc-money fc-tax", text(money(award.tax, currency)), tax_rule),
    )


def _lead(award: Award, provisional: bool, words: Texts) -> list[str]:
    if award.lead is None:
        return [element("span", "fc-same", text(words("prizes.no_rival")))]
    lead = [text(words("prizes.lead_points", points=number(award.lead)))]
    if provisional and award.daily_gain is not None:
        gain = words("prizes.gain_points", gain=number(award.daily_gain))
        lead.append(element("span", "fc-sub", text(gain)))
    return lead


def safety(award: Award, provisional: bool, words: Texts) -> str:
    """Say whether the holder is safe, at risk, or settled."""
    if not provisional:
        return element("span", "fc-state fc-safe", text(words("prizes.settled")))
    if award.safe is None:
        return element("span", "fc-same", text(words("prizes.unknown")))
    why = ""
    if award.lead is not None and award.daily_gain is not None:
        why = words("prizes.safe_why", lead=number(award.lead), gain=number(award.daily_gain))
    css, key = ("fc-safe", "prizes.safe") if award.safe else ("fc-risk", "prizes.risk")
    return element("span", f"fc-state {css}", text(words(key)), title=why)
