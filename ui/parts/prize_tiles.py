"""The figures on top of the prizes page: cost, tax, budget, risk; the hash once it is final."""

from __future__ import annotations

from ui.answers import Prizes, Season
from ui.parts.figures import money, number, share
from ui.parts.markup import element, text
from ui.parts.tile import note, tile
from ui.parts.tile import tiles as side_by_side
from ui.texts import Texts


def tiles(prizes: Prizes, season: Season, words: Texts) -> str:
    """Write the four figures."""
    total = prizes.total
    return side_by_side(
        _budget_tile(prizes, season, words),
        tile(words("prizes.unit_cost"), money(total.unit_cost, season.currency)),
        tile(words("prizes.tax_total"), money(total.tax, season.currency)),
        _risk_tile(prizes, words),
    )


def _budget_tile(prizes: Prizes, season: Season, words: Texts) -> str:
    cost, budget, currency = prizes.total.total, season.budget, season.currency
    figure = money(cost, currency)
    if budget is None:
        unknown = note(words("prizes.budget_unknown"))
        return tile(words("prizes.total"), figure, unknown, css="fc-tile-main")
    over = cost > budget
    left = money(abs(budget - cost), currency)
    said = words(
        "prizes.budget_over" if over else "prizes.budget_left",
        budget=money(budget, currency),
        **{"over" if over else "left": left},
    )
    bar = element(
        "span",
        "fc-bar fc-bar-over" if over else "fc-bar",
        f'<i style="width:{share(cost, budget)}%"></i>',
    )
    under = note(said, "fc-over" if over else "")
    return tile(words("prizes.total"), figure, bar, under, css="fc-tile-main")


def _risk_tile(prizes: Prizes, words: Texts) -> str:
    judged = [award for award in prizes.awards if award.safe is not None]
    risk = sum(award.safe is False for award in judged)
    figure = words("prizes.at_risk_of", risk=number(risk), known=number(len(judged)))
    under = words("prizes.at_risk_note" if prizes.provisional else "prizes.at_risk_final")
    if not judged:
        figure, under = words("prizes.unknown"), words("prizes.at_risk_unknown")
    return tile(words("prizes.at_risk"), figure, note(under))


def final_list(prizes: Prizes, season: Season, words: Texts) -> str:
    """Write the hash that anybody can check the list against, and whether it is published."""
    published = words("prizes.published" if season.published else "prizes.unpublished")
    return element(
        "section",
        "fc-tile fc-final-list",
        element("span", "fc-label", text(f"{words('prizes.hash')} · {published}")),
        element("span", "fc-hash", text(prizes.standings_hash or "—")),
        element("span", "fc-note", text(words("prizes.hash_how"))),
    )
