"""The form of a campaign: who gets it, which coupon or coupons, who is held out, what is said."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Final

import streamlit as st

from ui.answers import Season
from ui.parts import live
from ui.parts.figures import number
from ui.parts.names import tier_name
from ui.parts.season_names import SeasonNames
from ui.texts import Texts

EVERYONE: Final = ""
ARMS_MAX: Final = 3
HOLDOUT_PERCENT: Final = 10
HOLDOUT_PERCENT_MAX: Final = 50
SHARE: Final = Decimal("0.0001")
MESSAGE_CHARS_MAX: Final = 300
ID_CHARS_MAX: Final = 64
FIELDS: Final = (
    "campaign_id",
    "campaign_segment",
    "campaign_tier",
    "campaign_kind",
    "campaign_arms",
    "campaign_holdout",
    "campaign_zh",
    "campaign_en",
    *(f"campaign_coupon_{arm}" for arm in range(ARMS_MAX)),
)


def campaign_form(season: Season, names: SeasonNames, words: Texts) -> dict[str, object]:
    """Show the form and give the campaign as it is sent; empty fields are left out."""
    for key in FIELDS:
        if key in st.session_state:
            # A control that isn't drawn loses its state; the half-filled form shall not.
            st.session_state[key] = st.session_state[key]
    name = st.text_input(
        words("campaign.id"),
        key="campaign_id",
        placeholder=words("campaign.id_hint"),
        max_chars=ID_CHARS_MAX,
    )
    segment = _segment(names, words)
    tiers = st.multiselect(
        words("campaign.tier"),
        season.levels,
        key="campaign_tier",
        format_func=lambda level: tier_name(level, words),
        placeholder=words("campaign.any"),
    )
    kinds = st.multiselect(
        words("campaign.kind"),
        names.kinds,
        key="campaign_kind",
        format_func=lambda kind: words.name_of("board", kind),
        placeholder=words("campaign.any"),
    )
    coupons = _coupons(names, words)
    holdout = st.slider(
        words("campaign.holdout"),
        0,
        HOLDOUT_PERCENT_MAX,
        key="campaign_holdout",
        value=HOLDOUT_PERCENT,
        step=5,
        format="%d%%",
        help=words("campaign.holdout_how"),
    )
    said = {
        language: st.text_input(
            words(f"campaign.message_{language}"),
            key=f"campaign_{language}",
            max_chars=MESSAGE_CHARS_MAX,
        )
        for language in ("zh", "en")
    }
    where = {"tier": list(tiers), "kind": list(kinds)}
    return campaign_fields(name or "", segment, where, coupons, holdout, said)


def campaign_fields(
    name: str,
    segment: str,
    where: dict[str, list[str]],
    coupons: Sequence[str],
    holdout_percent: int,
    said: dict[str, str],
) -> dict[str, object]:
    """Put a campaign together; several coupons are arms of equal share.

    >>> campaign_fields("c", "", {}, ["a", "b"], 10, {})["arms"][1]
    {'id': 'b', 'share': '0.4500', 'coupon': 'b'}
    """
    holdout = Decimal(holdout_percent) / 100
    fields: dict[str, object] = {"id": name.strip(), "holdout": str(holdout)}
    if segment:
        fields["segment"] = segment
    if conditions := {key: values for key, values in where.items() if values}:
        fields["where"] = conditions
    if len(coupons) == 1:
        fields["coupon"] = coupons[0]
    else:
        shares = equal_shares(1 - holdout, len(coupons))
        fields["arms"] = [
            {"id": _arm(coupons, at), "share": str(share), "coupon": coupon}
            for at, (coupon, share) in enumerate(zip(coupons, shares, strict=True))
        ]
    if any(said.values()):
        other = said["zh"] or said["en"]
        fields["message"] = {one: text or other for one, text in said.items()}
    return fields


def equal_shares(whole: Decimal, parts: int) -> list[Decimal]:
    """Split a share into equal parts that add up exactly; the last takes what is over.

    >>> [str(share) for share in equal_shares(Decimal("0.95"), 3)]
    ['0.3166', '0.3166', '0.3168']
    """
    if not parts:
        return []
    each = (whole / parts).quantize(SHARE, ROUND_DOWN)
    return [*[each] * (parts - 1), whole - each * (parts - 1)]


def _arm(coupons: Sequence[str], at: int) -> str:
    """Name an arm after its coupon; a second one of the same gets a number."""
    before = coupons[:at].count(coupons[at])
    return coupons[at] if not before else f"{coupons[at]}-{before + 1}"


def _segment(names: SeasonNames, words: Texts) -> str:
    answer = live.ask("segments", lambda system: system.segments()).answer
    counts = {one.id: one.members for one in answer.segments} if answer is not None else {}
    options = [EVERYONE, *(counts or names.segments)]
    if st.session_state.get("campaign_segment", EVERYONE) not in options:
        del st.session_state["campaign_segment"]

    def shown(segment: str) -> str:
        if segment == EVERYONE:
            return words("campaign.everyone")
        many = number(counts.get(segment, 0))
        return words("campaign.segment_of", segment=names.segment(segment, words), members=many)

    chosen = st.selectbox(
        words("campaign.segment"), options, key="campaign_segment", format_func=shown
    )
    return chosen or EVERYONE


def _coupons(names: SeasonNames, words: Texts) -> list[str]:
    arms = st.segmented_control(
        words("campaign.arms"),
        range(1, ARMS_MAX + 1),
        key="campaign_arms",
        format_func=lambda many: words(f"campaign.arms_{many}"),
        default=1,
        required=True,
    )
    many = arms or 1
    chosen = [
        st.selectbox(
            words("campaign.coupon_of", arm=arm + 1) if many > 1 else words("campaign.coupon"),
            list(names.coupons),
            key=f"campaign_coupon_{arm}",
            index=min(arm, len(names.coupons) - 1) if names.coupons else None,
            format_func=lambda coupon: names.coupon(coupon, words),
        )
        for arm in range(many)
    ]
    return [coupon for coupon in chosen if coupon]
