"""Notice texts: what members read, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from rules.compiling.calendar import EPOCH, Calendar
from rules.notices.notice_book import Notice

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "coupon_issued": (
        "送您一张「{coupon_name}」，券码 {coupon}，{expires} 前有效。",
        "A coupon for you: {coupon_name}, code {coupon}, valid until {expires}.",
    ),
    "coupon_expiring": (
        "您的「{coupon_name}」（券码 {coupon}）将于 {expires} 到期。",
        "Your coupon {coupon_name}, code {coupon}, expires at {expires}.",
    ),
    "points_expiring": (
        "您有 {points} 积分将于 {last_day} 结束时过期。",
        "{points} of your points expire at the end of {last_day}.",
    ),
    "tier_up": ("恭喜，您已升级为{tier_name}。", "Congratulations: you are now {tier_name}."),
    "tier_down": ("您的等级现为{tier_name}。", "Your tier is now {tier_name}."),
    "trial_ended": (
        "您的{trial_name}体验已结束，现为{tier_name}。",
        "Your {trial_name} trial has ended; you are now {tier_name}.",
    ),
    "referral_paid": (
        "感谢您的推荐，{points} 积分已到账。",
        "Thank you for your referral: {points} points are yours.",
    ),
    "referral_refused": (
        "您 {referred} 的推荐未能获得积分：{why}。",
        "Your referral of {referred} earns no points: {why}.",
    ),
    "referral_taken_back": (
        "被推荐人的订单已退款，推荐所得 {points} 积分已收回。",
        "The order of the member you referred was refunded; {points} points were taken back.",
    ),
    "redeemed": (
        "您已用 {points} 积分兑换「{item_name}」。如非本人操作，请立即联系我们。",
        "You redeemed {points} points for {item_name}. If it wasn't you, contact us at once.",
    ),
    "prize_won": (
        "恭喜！您排名第 {rank}，赢得「{reward_name}」。请在 {deadline} 前领取。",
        "Congratulations: rank {rank} wins you {reward_name}. Claim it before {deadline}.",
    ),
    "prize_deadline": (
        "您赢得的「{reward_name}」还未领取，请在 {deadline} 前领取。",
        "Your prize {reward_name} isn't claimed yet. Claim it before {deadline}.",
    ),
    "prize_sent": (
        "您的奖品「{reward_name}」已寄出。",
        "Your prize {reward_name} is on its way.",
    ),
    "prize_ready": (
        "您的奖品「{reward_name}」可以领取了，地点：{station_name}。",
        "Your prize {reward_name} is ready at {station_name}.",
    ),
}
"""By kind: Chinese, English."""

WHY: Final[Mapping[str, tuple[str, str]]] = {
    "already_referred": ("该会员已被他人推荐", "the member was referred before"),
    "not_new": ("该会员在推荐之前已有订单", "the member had bought before"),
    "not_distinct": ("该会员与您或您推荐过的人资料相同", "the member isn't another person"),
    "cancelled": ("其首单已退款", "their first order was refunded"),
    "limit_reached": ("本期推荐次数已达上限", "the limit of this period is reached"),
}

_MOMENTS: Final = {
    "expires_us": "expires",
    "deadline_us": "deadline",
    "referred_us": "referred",
}
_NAMED: Final = {
    "coupon_name": "coupon_id",
    "tier_name": "tier",
    "trial_name": "trial",
    "item_name": "item",
    "reward_name": "reward",
    "station_name": "station",
}


def language(notice: Notice) -> str:
    """Choose `zh` or `en` by the member's attribute `lang`; Chinese where it says nothing."""
    return "en" if notice.lang.lower().startswith("en") else "zh"


def text_of(notice: Notice, calendar: Calendar) -> str:
    """Write what a member reads, after the message of a campaign where it has one."""
    spoken = language(notice)
    place = 1 if spoken == "en" else 0
    data = notice.data
    cells: dict[str, Any] = dict(data)
    for name, key in _MOMENTS.items():
        if name in data:
            cells[key] = _moment(data[name], calendar)
    if "expires_us" in data:
        cells["last_day"] = _moment(data["expires_us"] - 1, calendar)[:10]
    for name, fallback in _NAMED.items():
        label = data.get(name)
        cells[name] = label[spoken] if label else data.get(fallback, "-")
    if "why" in data:
        cells["why"] = WHY[data["why"]][place]
    text = TEXTS[notice.kind][place].format(**cells)
    message = data.get("message")
    return f"{message[spoken]} {text}" if message else text


def _moment(at_us: int, calendar: Calendar) -> str:
    wall_us = int(calendar.wall(np.array([at_us]))[0])
    moment: datetime = EPOCH + timedelta(microseconds=wall_us)
    return moment.strftime("%Y-%m-%d %H:%M")
