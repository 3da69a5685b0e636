"""Answers: the JSON of rows, awards, costs and the season, as docs/http.md has them."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import Response

from actors.gateway.auth import Caller
from actors.gateway.board_pages import team_rows
from actors.gateway.masks import masked
from actors.gateway.prize_view import PrizeView
from actors.gateway.state import State
from actors.messages import Reading, Row
from actors.phases import instant
from rules.compiling.compiled import Rules
from rules.ranks.official_order import NO_TIME_US
from rules.ranks.prize_desk import prize_id
from rules.ranks.prizes import Award, Cost, prize_boards
from rules.wording.terms_names import NAMES


def encoded(body: Any, status: int = 200) -> Response:
    """Encode an answer without the framework's model layer."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def answered(body: bytes) -> Response:
    """Answer with JSON that is written already."""
    return Response(body, media_type="application/json")


def money(amount_fen: int) -> str:
    """Write fen as text with two decimals.

    >>> money(-5), money(123456)
    ('-0.05', '1234.56')
    """
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"


def row_json(rules: Rules, caller: Caller, rank: int, row: Row, team: bool) -> dict[str, Any]:
    """Write one row of a board as this caller may see it."""
    member = row.key.member
    shown = team or caller.sees(member)
    at_us = row.tasks_completed_at_us
    return {
        "rank": rank,
        "member": member if shown else masked(member),
        "name": member if team else masked(member),
        "score": row.key.score,
        "tier": "" if row.tier < 0 else rules.levels[row.tier],
        "tasks_completed_at": None if at_us == NO_TIME_US else instant(at_us),
        "active_days": row.active_days,
    }


def cost_json(cost: Cost | None) -> dict[str, str]:
    """Write a cost; nothing costs nothing."""
    if cost is None:
        return {"unit_cost": "0.00", "tax": "0.00", "total": "0.00"}
    return {
        "unit_cost": money(cost.unit_cost_fen),
        "tax": money(cost.tax_fen),
        "total": money(cost.total_fen),
    }


def award_json(
    rules: Rules,
    caller: Caller,
    award: Award,
    view: PrizeView,
    gains: dict[str, int],
    final: bool,
) -> dict[str, Any]:
    """Write one award: its holder, its cost, and how safe it is."""
    reward = rules.season.rewards[award.reward]
    lines = view.lines[award.board]
    key = lines.keys[lines.awards.index(award)]
    team = any(board.id == award.board and board.team is not None for board in rules.boards)
    lead = key.score - lines.contender.score if lines.contender is not None else None
    gain = gains.get(award.board)
    shown = team or caller.sees(award.member)
    safe = True if final else None
    if not final and lead is not None and gain is not None:
        safe = lead > gain
    return {
        "id": prize_id(award.board, award.place),
        "board": award.board,
        "place": award.place,
        "rank": award.rank,
        "member": award.member if shown else masked(award.member),
        "masked": award.member if team else masked(award.member),
        "reward": award.reward,
        "name": name_json(reward.name, award.reward, "reward"),
        "kind": reward.kind,
        "unit_cost": money(award.unit_cost_fen),
        "tax": money(award.tax_fen),
        "tax_rule": reward.tax,
        "lead": lead,
        "daily_gain": gain,
        "safe": safe,
    }


def name_json(name: Any, id_: str, kind: str = "") -> dict[str, str]:
    """Write a name in both languages: the file's, else what such an id is usually called."""
    if name is None:
        return {language: NAMES[language].get(f"{kind}.{id_}", id_) for language in ("zh", "en")}
    if isinstance(name, str):
        return {"zh": name, "en": name}
    return {"zh": name.zh, "en": name.en}


def season_json(
    state: State,
    readings: list[Reading],
    view: PrizeView | None,
    per_hour: dict[int, int],
    hours: int,
    as_of_us: int,
) -> dict[str, Any]:
    """Write the season as it stands."""
    rules, season = state.rules, state.rules.season
    now_us = state.now_us()
    window = state.window
    change = window.next_change(now_us)
    final = state.final() if window.phase(now_us) == "final" else None
    listed = sorted(per_hour.items())
    return {
        "season": rules.season_id,
        "programme": season.programme.id,
        "name": name_json(season.season.name, rules.season_id),
        "currency": season.programme.currency,
        "timezone": rules.timezone,
        "starts": instant(window.starts_us),
        "ends": instant(window.ends_us),
        "score_end": instant(window.score_end_us),
        "final_at": instant(window.final_us),
        "phase": window.phase(now_us),
        "clock": state.clock,
        "now": instant(now_us),
        "as_of": instant(as_of_us),
        "version": sum(reading.version for reading in readings),
        "boards": [
            {"id": board.id, "team": board.team, "total": _total(readings, board.id, rules)}
            for board in rules.boards
        ],
        "levels": list(rules.levels),
        "tie_break": list(rules.tie_break),
        "standings_hash": final.standings_hash if final else None,
        "published": bool(final and final.published),
        "points_per_hour": [
            [instant(at_us), points] for at_us, points in (listed[-hours:] if hours > 0 else listed)
        ],
        "cost": cost_json(view.cost if view else None),
        "budget": _budget(rules),
        "next_change": None if change is None else {"phase": change[0], "at": instant(change[1])},
        "rules_hash": rules.rules_hash,
        "system": state.system,
    }


def _total(readings: list[Reading], board: str, rules: Rules) -> int:
    if any(known.id == board and known.team is not None for known in rules.boards):
        return len(team_rows(readings, board, rules))
    return sum(reading.answers[("size", board)] for reading in readings)


def _budget(rules: Rules) -> str | None:
    """Add the cost budgets that cover rewards named by a prize; None without one."""
    season = rules.season
    named = {prize.reward for prize in season.prizes if prize.board in prize_boards(season)}
    found = [
        budget.cost_fen
        for budget in season.budgets
        if budget.cost_fen is not None and named & set(budget.covers)
    ]
    return money(sum(found)) if found else None
