"""The words of a difference between two season files, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final

from rules.season.duration import Duration
from rules.season.season_models import (
    Condition,
    DateSpan,
    Discount,
    Goods,
    Hours,
    Label,
    Limit,
    Margin,
    Price,
    Trial,
    Where,
)
from rules.wording.terms_words import Words

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "changed": "{title}：{key}由「{before}」改为「{after}」",
        "added": "新增{section}：{line}",
        "removed": "取消{section}：{line}",
        "better": "对会员更有利",
        "worse": "对会员不利",
        "neutral": "对会员没有直接影响",
        "one": "{section} {name}",
        "none": "无",
        "yes": "是",
        "no": "否",
        "everything": "不限",
        "end": "（{effect}）",
    },
    "en": {
        "changed": "{title}, {key}: “{before}” becomes “{after}”",
        "added": "New {section}: {line}",
        "removed": "No more {section}: {line}",
        "better": "better for members",
        "worse": "worse for members",
        "neutral": "no direct effect on members",
        "one": "{section} {name}",
        "none": "none",
        "yes": "yes",
        "no": "no",
        "everything": "everything",
        "end": " ({effect})",
    },
}
SECTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "programme": ("会员计划", "programme"),
    "members": ("会员类型", "members"),
    "products": ("商品", "product"),
    "stations": ("油站", "station"),
    "prices": ("价格", "price"),
    "holidays": ("节假日", "holidays"),
    "points": ("积分", "points"),
    "earning": ("积分规则", "earning rule"),
    "card": ("储值卡", "card"),
    "multiplier": ("加倍规则", "multiplier"),
    "multiplying": ("加倍合计", "combining multipliers"),
    "tasks": ("任务", "task"),
    "referral": ("推荐有礼", "referral"),
    "tiers": ("等级规则", "tiers"),
    "tiers.levels": ("等级", "tier"),
    "coupons": ("优惠券", "coupon"),
    "coupon_rules": ("用券规则", "coupon rules"),
    "triggers": ("自动发券", "trigger"),
    "budgets": ("预算", "budget"),
    "notices": ("消息", "notices"),
    "catalogue": ("兑换商品", "catalogue item"),
    "checkout": ("积分抵现", "checkout"),
    "segments": ("会员群体", "segment"),
    "season": ("赛季", "season"),
    "boards": ("榜单", "board"),
    "rewards": ("奖品", "reward"),
    "prizes": ("名次奖", "prize"),
    "prize_rules": ("领奖规则", "prize rules"),
}
KEYS_ZH: Final[Mapping[str, str]] = {
    "rate": "比率",
    "points": "积分",
    "per": "计分单位",
    "where": "条件",
    "factor": "倍数",
    "group": "分组",
    "ceiling": "倍数上限",
    "within_group": "组内合并方式",
    "expire_after": "有效期",
    "remind_before": "提醒时间",
    "member_day_cap": "每日上限",
    "clawback": "退款时已花积分的处理",
    "earn_on_spend": "储值卡消费积分",
    "limit": "次数限制",
    "goal.amount": "目标金额",
    "advocate_points": "推荐奖励积分",
    "first_order_min": "首单最低金额",
    "hold": "等待期",
    "distinct": "不得相同的信息",
    "entry": "升级条件",
    "keep": "保级条件",
    "discount": "权益",
    "discount.per_litre": "每升优惠",
    "window_months": "统计月数",
    "steps_down": "每次最多降级数",
    "grace": "保护期",
    "trial": "新会员体验",
    "trial.months": "体验月数",
    "trial.level": "体验等级",
    "off": "减免金额",
    "pay": "付款比例",
    "min_spend": "门槛",
    "max_off": "最高优惠",
    "valid": "有效期",
    "claim": "自行领取",
    "unit_cost": "价值",
    "per_order": "每单张数",
    "with_tier_discount": "与等级优惠同享",
    "transferable": "可转让",
    "on_refund": "退款时的券",
    "reserve_for": "保留时间",
    "after": "未消费天数",
    "cooldown": "间隔",
    "holdout": "不发比例",
    "dates": "日期",
    "issue": "所发优惠券",
    "count": "总数量",
    "cost": "总金额",
    "covers": "适用范围",
    "at": "计入时点",
    "goods": "库存",
    "step": "使用单位",
    "max_share": "最高抵扣比例",
    "starts": "开始时间",
    "ends": "结束时间",
    "late_events": "补报期",
    "refund_hold": "退款等待期",
    "score": "计入成绩的积分",
    "tie_break": "同分比较",
    "exclude": "不参加排名",
    "tax": "税款",
    "delivery": "领取方式",
    "reward": "奖品",
    "min_score": "最低成绩",
    "one_per_member": "每人限一份",
    "claim_within": "领取期限",
    "accept_late": "补报期限",
    "refund_within": "退款期限",
    "name": "名称",
    "price": "价格",
    "margin": "毛利",
    "margin.per_litre": "每升毛利",
    "margin.share": "毛利率",
    "opened": "开业日期",
    "closed": "停业日期",
    "quiet_hours": "免打扰时间",
    "per_member_week": "每周条数",
}
KEYS_EN: Final[Mapping[str, str]] = {
    "where": "condition",
    "entry": "entry condition",
    "keep": "condition for keeping it",
    "expire_after": "how long points last",
    "remind_before": "reminders",
    "member_day_cap": "daily limit",
    "clawback": "refund of spent points",
    "earn_on_spend": "earning on card spending",
    "advocate_points": "points for the advocate",
    "first_order_min": "smallest first order",
    "hold": "waiting time",
    "distinct": "what must differ",
    "off": "amount off",
    "pay": "share to pay",
    "min_spend": "minimum spend",
    "max_off": "greatest discount",
    "valid": "validity",
    "unit_cost": "value",
    "covers": "what it covers",
    "holdout": "share left out",
    "late_events": "time for late events",
    "refund_hold": "wait for refunds",
    "tie_break": "order of equal scores",
    "score": "points that score",
    "exclude": "not ranked",
    "claim_within": "time to claim",
    "goods": "stock",
}
PERCENT: Final = frozenset({"pay", "holdout", "max_share", "margin.share"})
FACTOR: Final = frozenset({"factor", "ceiling"})
MONEY: Final = frozenset(
    {"off", "min_spend", "max_off", "unit_cost", "first_order_min", "cost", "goal.amount"}
    | {"discount.per_litre", "price", "margin.per_litre"}
)
POINTS: Final = frozenset({"points", "member_day_cap", "advocate_points", "step"})


class DiffWords:
    """Writes one side of a difference in one language."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.sentences = SENTENCES[words.language]

    def title(self, section: str, name: str | None) -> str:
        """Name the rule that changes."""
        shown = self.section(section)
        return shown if name is None else self.sentences["one"].format(section=shown, name=name)

    def section(self, section: str) -> str:
        """Name a section's kind of rule."""
        return SECTIONS[section][0 if self.words.language == "zh" else 1]

    def key(self, name: str) -> str:
        """Name a key of a rule."""
        if self.words.language == "zh":
            return KEYS_ZH.get(name, name)
        return KEYS_EN.get(name, name.replace("_", " ").replace(".", " "))

    def value(self, key: str, value: Any) -> str:
        """Write a value in words."""
        words, sentences = self.words, self.sentences
        if value is None:
            return sentences["none"]
        if isinstance(value, bool):
            return sentences["yes" if value else "no"]
        if isinstance(value, tuple):
            listed = words.joined([self.value(key, one) for one in value])
            return listed or sentences["none"]
        if key == "reward":
            return words.named(key, value, words.season.rewards[value].name)
        if isinstance(value, int | Fraction):
            return self._figure(key, value)
        if isinstance(value, Margin):
            return self.margin(value)
        return self._thing(value)

    def margin(self, margin: Margin) -> str:
        """Write a margin: money a litre, or a share."""
        if margin.per_litre_fen is not None:
            return self.words.money(margin.per_litre_fen)
        return self.words.percent(margin.share or Fraction(0))

    def _figure(self, key: str, value: int | Fraction) -> str:
        words = self.words
        for keys, write in (
            (MONEY, words.money),
            (PERCENT, words.percent),
            (FACTOR, words.factor),
            (POINTS, words.points),
        ):
            if key in keys:
                return write(value)  # type: ignore[arg-type]  # shares and factors are fractions
        return words.number(value)

    def _thing(self, value: Any) -> str:
        words = self.words
        if isinstance(value, Duration):
            return words.duration(value)
        if isinstance(value, Where):
            return words.where(value) or self.sentences["everything"]
        if isinstance(value, Condition):
            return words.needs(value.metrics, value.every)
        if isinstance(value, Limit):
            return words.limit(value, "limit")
        if isinstance(value, date):
            return words.moment(value) if isinstance(value, datetime) else value.isoformat()
        if isinstance(value, DateSpan):
            return words.dates((value,))
        if isinstance(value, Hours):
            return words.hours(value)
        if isinstance(value, Label):
            return value.text(words.language)
        if isinstance(value, Goods):
            return self.value("stock", value.stock)
        if isinstance(value, Discount):
            return words.money(value.per_litre_fen)
        if isinstance(value, Trial):
            return words.name_of("tier", value.level)
        if not isinstance(value, str):
            return self.sentences["yes"]
        return words.phrases.get(f"season.{value}", value)


def price_line(words: Words, row: Price) -> str:
    """Write a row of the price list: product, day and scope, what it costs and leaves."""
    side, told = DiffWords(words), []
    if row.price_fen is not None:
        told.append(f"{side.key('price')} {words.money(row.price_fen)}")
    if row.margin is not None:
        told.append(f"{side.key('margin')} {side.margin(row.margin)}")
    return f"{row.id}: {words.joined(told)}"
