"""Leak words: the sentences of the adversaries report and its verdict, in one language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules.season.season_models import Label, Season
from rules.wording.terms_words import LANGUAGES
from simulator.adversaries import leak_en, leak_zh
from simulator.adversaries.leak import KindLeak, Leaks
from simulator.report.report_words import ReportWords

PHRASES: Final = {"zh": leak_zh.PHRASES, "en": leak_en.PHRASES}
NOTHING_FEN: Final = 100
"""What an agent gets more by less than a yuan is nothing: rounding of points by the litre."""


class LeakWords(ReportWords):
    """One language of the adversaries report."""

    def __call__(self, key: str, /, **values: str) -> str:
        """Give a sentence with its places filled."""
        if key in PHRASES[self.language]:
            return PHRASES[self.language][key].format(**values)
        return super().__call__(key, **values)

    def agent(self, kind: str) -> str:
        """Name a kind of agents."""
        return self(f"leak.kind.{kind}")

    def agents(self, kinds: list[str]) -> str:
        """List kinds of agents."""
        return self("comma").join(self.agent(kind) for kind in kinds)

    def number_of_agents(self, count: int) -> str:
        """Write a number of agents."""
        return self("leak.agents.one") if count == 1 else self("leak.agents.many", n=str(count))

    def rule(self, rule: str) -> str:
        """Name a rule: what it is and how the file calls it."""
        section, _, name = rule.partition(".")
        key = f"leak.rule.{rule}" if section == "points" else f"leak.rule.{section}"
        if section == "prizes":
            board, _, reward = name.partition(".")
            return self(key, name=self.reward(reward), board=self.board(board))
        if section == "tiers":
            return self(key, name=self.level(name))
        return self(key, name=self.named(section, name, self._label(section, name)))

    def _label(self, section: str, name: str) -> Label | None:
        """Find the name that the file gives to a rule."""
        listed = getattr(self.season, section, ())
        if not isinstance(listed, tuple):
            return None
        return next((getattr(one, "name", None) for one in listed if one.id == name), None)


def both(season: Season) -> tuple[LeakWords, ...]:
    """Give the words of every language, Chinese first."""
    return tuple(LeakWords(season, language) for language in LANGUAGES)


def stops(leaks: Leaks) -> list[str]:
    """Name the kinds of agents that get nothing."""
    return [one.kind for one in leaks.kinds if one.each_fen["mean"] < NOTHING_FEN]


def leak_verdict(leaks: Leaks, words: LeakWords) -> list[str]:
    """Say how much leaks, where, whom it costs, and what closes it."""
    return list(_said(leaks, words))


def _said(leaks: Leaks, words: LeakWords) -> Iterator[str]:
    agents = sum(leaks.counts.values())
    total = leaks.total_fen
    if total["mean"] < NOTHING_FEN * max(agents, 1):
        yield words("leak.none", before=words.money(total["mean"]))
        return
    yield words(
        "leak.verdict", agents=words.number_of_agents(agents), leak=words.money(total["mean"]),
        span=words.interval(words.money_span(total)), each=words.money(total["mean"] / agents),
    )  # fmt: skip
    most = leaks.leaks[0]
    yield words(
        "leak.most", fen=words.money(most.fen["mean"]), kind=words.agent(most.kind),
        rule=words.rule(most.rule),
    )  # fmt: skip
    if leaks.crowding.prize_losers["mean"] >= 0.5:
        yield words(
            "leak.crowded", count=words.count(leaks.crowding.prize_losers["mean"]),
            fen=words.money(leaks.crowding.prize_lost_fen["mean"]),
        )  # fmt: skip
    else:
        yield words("leak.not_crowded")
    if stopped := stops(leaks):
        yield words("leak.no_leak_kinds", kinds=words.agents(stopped))
    if leaks.closed is not None:
        share, cost = closed_share(leaks), leaks.closed.honest_cost["mean"]
        key = "leak.closed" if cost >= NOTHING_FEN else "leak.closed_free"
        yield words(key, share=words.share(share), cost=words.money(cost))
        if remaining := open_kinds(leaks):
            yield words("leak.remains", kinds=words.agents([one.kind for one in remaining]))
    elif leaks.tried:
        yield words("leak.not_closed")


def closed_share(leaks: Leaks) -> float:
    """Give the share of the leak that the changes together close."""
    closed = leaks.closed
    if closed is None or closed.before["mean"] <= 0:
        return 0.0
    return closed.closed.difference["mean"] / closed.before["mean"]


def open_kinds(leaks: Leaks) -> list[KindLeak]:
    """List the kinds whose leak the changes together leave for the most part."""
    closed = leaks.closed
    if closed is None:
        return []
    return [
        one
        for one in leaks.kinds
        if one.each_fen["mean"] >= NOTHING_FEN
        and closed.by_kind[one.kind]["mean"] > one.fen["mean"] / 2
    ]
