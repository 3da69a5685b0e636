"""The preview of a campaign, and sending exactly what was previewed."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from typing import Any

import streamlit as st

from ui.answers import Plan, Season
from ui.client import Client
from ui.parts import live, notices
from ui.parts.figures import minute, money, number
from ui.parts.live import REPORT_REFRESH_S
from ui.parts.markup import element, show, text
from ui.parts.plain_table import plain_table, two_lines
from ui.parts.season_names import SeasonNames
from ui.parts.tile import note, tile, tiles
from ui.texts import Texts
from ui.troubles import CallFailed

PLANNED, SENT = "_campaign_planned", "_campaign_sent"
Fields = dict[str, object]


def preview_button(campaign: Fields, words: Texts) -> None:
    """Ask the system what the campaign would do; nothing is issued."""
    ready = bool(campaign["id"]) and bool(campaign.get("coupon") or campaign.get("arms"))
    pressed = st.button(
        words("campaign.preview"),
        key="campaign_preview",
        disabled=not ready,
        icon=":material/visibility:",
        width="stretch",
    )
    if not ready:
        show(element("div", "fc-caption", text(words("campaign.needs"))), words)
    if not pressed:
        return
    st.session_state.pop(SENT, None)
    try:
        planned: Any = live.client().campaign(campaign)
    except CallFailed as failure:
        planned = failure
    st.session_state[PLANNED] = (campaign, planned)


def plan_shown(campaign: Fields, season: Season, names: SeasonNames, words: Texts) -> None:
    """Show what was sent or previewed, and the way to send it while the form says the same."""
    sent: Plan | None = st.session_state.get(SENT)
    if sent is not None:
        done = words("campaign.sent", issued=number(sent.issued), campaign=sent.campaign)
        notices.notice(done, words("campaign.sent_how"), words, "good")
        show(plan_markup(sent, season, names, words), words)
        return
    fields, planned = st.session_state.get(PLANNED, (None, None))
    if planned is None:
        notices.notice(words("campaign.no_preview"), words("campaign.no_preview_how"), words)
    elif isinstance(planned, CallFailed):
        notices.trouble(planned, words)
    elif fields != campaign:
        notices.notice(words("campaign.changed"), words("campaign.changed_how"), words)
    else:
        show(plan_markup(planned, season, names, words), words)
        _send(campaign, planned, words)


def plan_markup(plan: Plan, season: Season, names: SeasonNames, words: Texts) -> str:
    """Write how many, how many held out, at most what cost, arms, and budgets."""
    cost = words("campaign.no_bound")
    if plan.cost is not None:
        cost = money(plan.cost, season.currency)
    skipped = note(words("campaign.skipped", members=number(plan.skipped)), "fc-over")
    figures = tiles(
        tile(
            words("campaign.issued"),
            words("coupons.pieces", count=number(plan.issued)),
            skipped if plan.skipped else note(words("campaign.none_skipped")),
            css="fc-tile-main",
        ),
        tile(words("campaign.cost"), cost, note(words("campaign.cost_note"))),
        tile(words("campaign.members"), words("campaign.people", members=number(plan.members))),
        tile(words("campaign.held_out"), words("campaign.people", members=number(plan.held_out))),
    )
    title = words("campaign.plan" if plan.preview else "campaign.result", campaign=plan.campaign)
    return element(
        "section",
        "fc-plan",
        element("h2", "fc-title", text(title)),
        figures,
        _arms(plan, season, names, words),
        _budgets(plan, season, words),
    )


def _arms(plan: Plan, season: Season, names: SeasonNames, words: Texts) -> str:
    columns = (
        ("fc-name", words("coupon.name")),
        ("fc-money", words("campaign.members")),
        ("fc-money", words("coupons.issued")),
        ("fc-money", words("campaign.cost")),
    )
    rows = (
        (
            two_lines(names.coupon(arm.coupon, words), arm.id),
            text(number(arm.members)),
            text(number(arm.issued)),
            text(
                words("campaign.no_bound") if arm.cost is None else money(arm.cost, season.currency)
            ),
        )
        for arm in plan.arms
    )
    return plain_table(columns, rows)


def _budgets(plan: Plan, season: Season, words: Texts) -> str:
    if not plan.budgets:
        return ""
    columns = (
        ("fc-name", words("campaign.budget")),
        ("fc-money", words("campaign.takes")),
        ("fc-money", words("campaign.left")),
    )

    def amount(value: int, measure: str) -> str:
        if measure == "cost":
            return money(Decimal(value) / 100, season.currency)
        return words("coupons.pieces", count=number(value))

    rows = (
        (
            text(one.id),
            text(amount(one.takes, one.measure)),
            text(amount(one.left, one.measure)),
        )
        for one in plan.budgets
    )
    return plain_table(columns, rows)


def _send(campaign: Fields, plan: Plan, words: Texts) -> None:
    """Ask for the confirmation and an admin's key, then send."""
    sure = st.checkbox(
        words("campaign.confirm", issued=number(plan.issued)), key=f"confirm {campaign['id']}"
    )
    key = st.text_input(
        words("campaign.key"), key="admin_key", type="password", help=words("campaign.key_how")
    )
    pressed = st.button(
        words("campaign.send"),
        key="campaign_send",
        type="primary",
        disabled=not (sure and key and plan.issued),
        icon=":material/send:",
    )
    if not pressed:
        return
    try:
        with closing(Client(live.url(), key)) as admin:
            st.session_state[SENT] = admin.campaign(campaign, preview=False)
    except CallFailed as failure:
        notices.trouble(failure, words)
        return
    del st.session_state[PLANNED]
    st.rerun()


@st.fragment(run_every=REPORT_REFRESH_S)
def ran_shown(season: Season, names: SeasonNames, words: Texts) -> None:
    """List the campaigns that ran, the latest first."""
    answer = live.ask("campaigns", lambda system: system.campaigns()).answer
    if answer is None or not answer.campaigns:
        return
    columns = (
        ("fc-name", words("campaign.ran")),
        ("fc-name", words("coupon.name")),
        ("fc-money", words("campaign.held_out")),
        ("fc-when", words("statement.at")),
    )
    latest = sorted(answer.campaigns, key=lambda one: one.at, reverse=True)
    rows = (
        (
            two_lines(one.id, names.segment(one.segment, words) if one.segment else ""),
            text(
                words("campaign.joined").join(
                    names.coupon(coupon, words)
                    for coupon in ([one.coupon] if one.coupon else [arm.coupon for arm in one.arms])
                )
            ),
            text(f"{float(one.holdout) * 100:g}%"),
            text(minute(one.at, season.timezone, words)),
        )
        for one in latest
    )
    show(element("div", "fc-ran", plain_table(columns, rows)), words)
