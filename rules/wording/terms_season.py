"""The parts of the terms on the season: refunds, score, boards, prizes, personal data."""

from __future__ import annotations

from rules.season.season_models import Board, Prize, Reward
from rules.wording.terms_spending import coupon_name
from rules.wording.terms_words import Part, Words


def refunds(words: Words) -> Part:
    """Say what a refund takes back."""
    season = words.season
    return words.part(
        "refunds",
        [
            words("refunds.within", within=words.duration(season.programme.refund_within)),
            words("refunds.part"),
            words(f"refunds.{season.points.clawback}"),
            words("refunds.also"),
        ],
    )


def season_window(words: Words) -> Part:
    """Say when the season runs, what scores, how ties break and who is left out."""
    window = words.season.season
    kinds = [words(f"season.{kind}") for kind in window.score]
    late = words("season.no_late")
    if window.late_events.count:
        late = words("season.late", late=words.duration(window.late_events))
    hold = words("season.no_hold")
    if window.refund_hold.count:
        hold = words("season.hold", hold=words.duration(window.refund_hold))
    ties = [words(f"season.{key}") for key in (*window.tie_break, "member")]
    lines = [
        words("season.window", starts=words.moment(window.starts), ends=words.moment(window.ends)),
        words("season.outside"),
        words("season.score", kinds=words.joined(kinds)),
        f"{late}{words('sentences')}{hold}",
        words("season.ties", list=words("semicolon").join(ties)),
    ]
    if window.exclude is not None:
        lines.append(words("season.exclude", where=words.where(window.exclude)))
    return words.part("season", lines)


def boards(words: Words) -> Part:
    """Say which boards there are and who stands on them."""
    lines = [board_line(words, board) for board in words.season.boards]
    return words.part("boards", [*lines, words("boards.score")])


def board_line(words: Words, board: Board) -> str:
    """Say who stands on one board."""
    title, where = words.titled("board", board.id, board.name), words.where(board.where)
    if board.team is not None:
        scope = words("boards.team_where", where=where) if where else ""
        return words("boards.team", title=title, where=scope)
    return words("boards.where" if where else "boards.all", title=title, where=where)


def prizes(words: Words) -> Part | None:
    """Say what the ranks win, who pays the tax, and how to claim."""
    season, rules = words.season, words.season.prize_rules
    if not season.prizes and not season.rewards:
        return None
    lines = [prize_line(words, prize) for prize in season.prizes]
    given = {prize.reward for prize in season.prizes}
    spare = [
        f"{words.named('reward', name, one.name)} ({_what(words, one, 1)})"
        for name, one in season.rewards.items()
        if name not in given
    ]
    if spare:
        lines.append(words("prizes.spare", list=words.joined(spare)))
    return words.part(
        "prizes",
        [
            *lines,
            words("prizes.min", min=words.number(rules.min_score)),
            words("prizes.once" if rules.one_per_member else "prizes.many"),
            words("prizes.disqualified"),
            words("prizes.claim", within=words.duration(rules.claim_within)),
        ],
    )


def prize_title(words: Words, prize: Prize) -> str:
    """Name the ranks of a prize on their board."""
    board = next(one for one in words.season.boards if one.id == prize.board)
    first, last = words.number(prize.ranks.first), words.number(prize.ranks.last)
    return words(
        "prizes.title",
        board=words.named("board", board.id, board.name),
        ranks=first if first == last else words("prizes.ranks", first=first, last=last),
    )


def prize_line(words: Words, prize: Prize) -> str:
    """Say what some ranks win."""
    season, ranks = words.season, prize.ranks
    reward = season.rewards[prize.reward]
    return words(
        "prizes.one",
        title=prize_title(words, prize),
        reward=words.named("reward", prize.reward, reward.name),
        reward_id=prize.reward,
        what=_what(words, reward, ranks.last - ranks.first + 1),
    )


def _what(words: Words, reward: Reward, places: int) -> str:
    if reward.kind == "goods":
        gives = words("prizes.goods", cost=words.money(reward.unit_cost_fen or 0))
    elif reward.kind == "points":
        gives = words("prizes.points", points=words.points(reward.points or 0))
    else:
        name = reward.coupon or ""
        gives = words("prizes.coupon", coupon=coupon_name(words, name), coupon_id=name)
    parts = [gives if places == 1 else words("prizes.each", list=gives)]
    if reward.kind == "goods":
        ways = words.joined([words(f"prizes.{way}") for way in reward.delivery], "or")
        parts += [words("prizes.delivery", list=ways), words(f"prizes.tax.{reward.tax}")]
    elif reward.tax != "none":
        parts.append(words(f"prizes.tax.{reward.tax}"))
    return words("semicolon").join(parts)


def personal(words: Words) -> Part:
    """Say what is kept of a member and what the rules look at."""
    season = words.season
    names: dict[str, None] = {}
    for _, where in season.conditions():
        names |= dict.fromkeys(where.attributes)
    if season.referral is not None:
        names |= dict.fromkeys(season.referral.distinct)
    if any(trigger.on == "birthday" for trigger in season.triggers):
        names["birthday"] = None
    if any(board.team for board in season.boards):
        names["company"] = None
    used = [
        words.named("attribute", name)
        for name in names
        if f"metric.{name.partition('_')[0]}" not in words.phrases
    ]
    lines = [words("personal.kept")]
    if used:
        lines.append(words("personal.used", list=words.joined(used)))
    return words.part("personal", [*lines, words("personal.rights")])


def changes(words: Words) -> Part:
    """Say how the rules may change."""
    return words.part("changes", [words("changes.text")])
