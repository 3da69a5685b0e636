"""Who may win: every member's chance at a prize, and one of them looked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ui.answers import Season
from ui.answers.forecast import Chance, Forecast
from ui.parts.controls import choose_page, chosen_page, find_member, take_csv
from ui.parts.csv_file import write
from ui.parts.figures import masked, number
from ui.parts.markup import element, show, text
from ui.parts.names import board_name
from ui.parts.plain_table import plain_table, two_lines
from ui.parts.simulate_figures import percent
from ui.texts import Texts

A_PAGE: Final = 10
SURE: Final = 0.95
MASK: Final = "•"
COLUMNS: Final = ("holder", "chance", "low", "high", "score_now", "p5", "p50", "p95", "boards")


def chances_shown(made: Forecast, season: Season, words: Texts) -> str:
    """Show the likeliest winners, or the member looked for; gives who is looked for."""
    show(element("strong", "fc-message", text(_message(made, words))), words)
    member = find_member(words, "forecast.search")
    chances = made.chances
    if member:
        chances = tuple(one for one in made.chances if one.holder in (member, masked(member)))
        if not chances:
            # A key that may not see who it is gets the likeliest only, masked.
            some = any(MASK in one.holder for one in made.chances)
            key = "forecast.not_listed" if some else "forecast.nobody"
            said = words(key, runs=number(made.runs), listed=number(len(made.chances)))
            show(element("p", "fc-way", text(said)), words)
            return member
    page = chosen_page(len(chances), A_PAGE)
    shown = chances[(page - 1) * A_PAGE : page * A_PAGE]
    caption = element("div", "fc-caption", text(words("forecast.chances_how")))
    show(chance_table(shown, words) + caption, words)
    choose_page(len(chances), A_PAGE)
    name = f"{season.season}-forecast-chances.csv"
    take_csv(words("forecast.take_chances"), name, lambda: write(COLUMNS, _rows(made)))
    return member


def _message(made: Forecast, words: Texts) -> str:
    """Say how open it is: who is as good as sure, and how many have a chance at all."""
    sure = sum(one.chance >= SURE for one in made.chances)
    return words("forecast.chances", sure=number(sure), all=number(len(made.chances)))


def chance_table(chances: tuple[Chance, ...], words: Texts) -> str:
    """Write a line a member: the chance with its interval, on which board, and the score."""
    columns = (
        ("fc-name", words("forecast.who")),
        ("fc-money", words("forecast.chance")),
        ("fc-name fc-wide", words("forecast.boards")),
        ("fc-money", words("forecast.score")),
    )
    return plain_table(columns, (_line(one, words) for one in chances))


def _line(one: Chance, words: Texts) -> tuple[str, ...]:
    interval = words("simulate.between", low=percent(one.low), high=percent(one.high))
    boards = " · ".join(
        f"{board_name(board, words)} {percent(share)}" for board, share in one.boards.items()
    )
    score = words("standings.none")
    if one.score is not None:
        low, high = (number(round(each)) for each in (one.score.p5, one.score.p95))
        band = words("simulate.between", low=low, high=high)
        now = "" if one.score_now is None else number(one.score_now)
        score = two_lines(words("forecast.from_now", now=now, then=number(round(one.score.p50))),
                          band)  # fmt: skip
    # A key that may see who it is gives the id: a page that is projected shows the masked form.
    name = one.holder if one.team or MASK in one.holder else masked(one.holder)
    return (
        text(name),
        two_lines(percent(one.chance), interval),
        text(boards),
        score,
    )


def _rows(made: Forecast) -> Iterator[tuple[object, ...]]:
    for one in made.chances:
        score = (None,) * 3 if one.score is None else (one.score.p5, one.score.p50, one.score.p95)
        boards = " ".join(f"{board}={share:.3g}" for board, share in one.boards.items())
        yield one.holder, one.chance, one.low, one.high, one.score_now, *score, boards
