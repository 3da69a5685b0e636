"""The sentences of explanations, in Chinese and English."""

from __future__ import annotations

from typing import Final

from rules.season.section import Label

LANGUAGES: Final = ("zh", "en")

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "earning": (
        "{rule}：每 {per} 得 {rate} 分，{quantity} → {raw}",
        "{rule}: {rate} points per {per}, {quantity} → {raw}",
    ),
    "no_earning": ("没有匹配的积分规则", "no earning rule matched"),
    "card": (
        "用储值卡支付，按规则不积分",
        "paid from the stored-value card, which earns nothing here",
    ),
    "base_raw": ("基础合计 {raw}", "base together {raw}"),
    "counted": (
        "倍率 {rule} ×{factor}（组 {group}）",
        "multiplier {rule} ×{factor} (group {group})",
    ),
    "lost": (
        "倍率 {rule} ×{factor} 未计（组 {group} 取最大）",
        "multiplier {rule} ×{factor} doesn't count (the greatest of group {group} does)",
    ),
    "ceiling": (
        "合并倍率 {before}，封顶 {ceiling}",
        "factors together {before}, held to the ceiling {ceiling}",
    ),
    "total": (
        "{raw} × {factor} = {product}，取整 {total}：基础 {base}，奖励 {bonus}",
        "{raw} × {factor} = {product}, rounded down to {total}: base {base}, bonus {bonus}",
    ),
    "cap": (
        "当日上限 {cap} 分，削减 {cut}",
        "the day's cap of {cap} points cuts off {cut}",
    ),
    "goal": ("达成目标 {rule}：+{points}", "goal {rule} reached: +{points}"),
    "debt": ("其中 {points} 分抵还欠分", "{points} of them repay debt"),
    "lot": (
        "{day} 获得的积分在 {last} 当天结束时到期",
        "points earned on {day} expire at the end of {last}",
    ),
    "reversal": (
        "{at} 退款 {event}：{points}",
        "refund {event} at {at}: {points}",
    ),
    "past_version": (
        "按此前版本的规则计算：匹配 {earning}，倍率 {factors}",
        "judged by an earlier version of the rules: {earning} matched, multipliers {factors}",
    ),
    "unknown_version": (
        "计算时的规则版本已不可查",
        "the version of the rules it was judged by isn't kept here",
    ),
    "nothing": ("此事件未变动积分", "this event moved no points"),
    "kind.base": ("消费基础积分", "base points"),
    "kind.bonus": ("奖励积分", "bonus points"),
    "kind.task": ("任务 {rule}", "task {rule}"),
    "kind.goal": ("目标 {rule}", "goal {rule}"),
    "kind.referral": ("推荐奖励", "referral"),
    "kind.adjusted": ("人工调整", "adjustment"),
    "kind.redeemed": ("兑换 {item}", "redeemed for {item}"),
    "kind.checkout": ("收银抵扣", "spent at checkout"),
    "kind.expired": ("积分到期", "expired"),
    "kind.reversed": ("退款扣回", "taken back by a refund"),
    "kind.reversed_goal": ("目标 {rule} 收回", "goal {rule} taken back"),
    "kind.reversed_referral": ("推荐奖励收回", "referral points taken back"),
    "kind.opening": ("此前结余", "carried over from before"),
    "near.rule": (
        "只差一个条件（{condition}），否则 {rule} 多得 {gain} 分",
        "{gain} more points by {rule}, but for one condition: {condition}",
    ),
    "near.rule_early": (
        "早了 {minutes} 分钟（{condition}），否则 {rule} 多得 {gain} 分",
        "{minutes} minutes before {rule} ({condition}), which gives {gain} more points",
    ),
    "near.rule_late": (
        "晚了 {minutes} 分钟（{condition}），否则 {rule} 多得 {gain} 分",
        "{minutes} minutes after {rule} ({condition}), which gives {gain} more points",
    ),
    "near.tier.litres": ("距 {rule} 还差 {missing} 升", "{missing} L short of {rule}"),
    "near.tier.amount": ("距 {rule} 还差 ¥{missing}", "¥{missing} short of {rule}"),
    "near.tier.visits": ("距 {rule} 还差 {missing} 次", "{missing} purchases short of {rule}"),
    "near.goal": ("距目标 {rule} 还差 ¥{missing}", "¥{missing} short of the goal {rule}"),
    "near.coupon": ("距优惠券 {rule} 还差 ¥{missing}", "¥{missing} short of {rule}"),
    "expiring": (
        "{last} 当天结束时将有 {points} 分到期",
        "{points} points expire at the end of {last}",
    ),
    "rank.score": (
        "比 {other} {side} {gap} 分",
        "{gap} points {side} {other}",
    ),
    "rank.tasks_completed_at": (
        "同分，完成任务的时间比 {other} {side}",
        "the same score as {other}; tasks were completed {side}",
    ),
    "rank.active_days": (
        "同分，活跃天数比 {other} {side} {gap} 天",
        "the same score as {other}; {gap} active days {side}",
    ),
    "rank.member": (
        "与 {other} 各项相同，按会员号排序",
        "equal to {other} in everything; the member id decides",
    ),
    "rank.gap_up": (
        "再得 {points} 分即升至第 {rank} 名",
        "{points} more points reach rank {rank}",
    ),
    "rank.first": ("第一名", "nobody is ahead"),
    "side.ahead": ("领先", "ahead of"),
    "side.behind": ("落后", "behind"),
    "side.earlier": ("更早", "earlier"),
    "side.later": ("更晚", "later"),
    "side.more": ("多", "more"),
    "side.fewer": ("少", "fewer"),
}


def told(key: str, /, **values: object) -> dict[str, str]:
    """Give a sentence in both languages; a value may itself be in both.

    >>> told("near.goal", rule="fuel-100", missing="4.00")["en"]
    '¥4.00 short of the goal fuel-100'
    """
    return {
        language: SENTENCES[key][at].format(
            **{
                name: value[language] if isinstance(value, dict) else value
                for name, value in values.items()
            }
        )
        for at, language in enumerate(LANGUAGES)
    }


def named(name: Label | None, otherwise: str) -> dict[str, str]:
    """Give a thing's name in both languages, or its id."""
    if name is None:
        return dict.fromkeys(LANGUAGES, otherwise)
    return {language: name.text(language) for language in LANGUAGES}
