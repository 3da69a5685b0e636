"""Claims with a code of a batch: the coupon, at once claimed, and the code used up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rules.coupons.claim_codes import Refusal, check_batch
from rules.coupons.coupon_terms import CouponRefused
from rules.season.campaign_models import OrderRefused, decode_batch
from rules.table.member_table import MemberTable


def claim_by_code(table: MemberTable, row: int, text: str, at_us: int, cause: str) -> int | None:
    """Issue the coupon a claim code gives and return its row; None where the text is no code.

    Raises:
        CouponRefused: where no batch has the code, it is used up, the member has had as many
            as the batch allows, or a budget has too little left.
    """
    if not len(table.claim_codes):
        return None
    grant = table.claim_codes.redeem(text, row, at_us)
    if grant is None:
        return None
    if isinstance(grant, Refusal):
        raise CouponRefused(grant.reason, grant.note)
    rules = table.rules
    if grant.coupon not in rules.coupons:
        raise CouponRefused("coupon_not_valid", f"the season file has no coupon {grant.coupon}")
    draws = rules.pool_rules.to_issue(rules.coupons[grant.coupon])
    short = table.pools.short(draws)
    if short is not None:
        note = f"budget {short.id} has too little left for {grant.coupon}"
        raise CouponRefused("budget_exhausted", note)
    table.pools.take(draws)
    table.claim_codes.mark(grant, row)
    template = list(rules.coupons).index(grant.coupon)
    made = table.coupon_book.issue(
        table, template, np.array([row]), np.array([at_us]), [cause], "campaign", claimed=True
    )
    return int(made[0])


def take_claim_codes(table: MemberTable, order: Mapping[str, Any], _at_us: int) -> dict[str, Any]:
    """Accept the `batch` of an order from now on and tell it, or why it was `refused`."""
    try:
        batch = decode_batch(order["batch"])
        check_batch(table.claim_codes, batch, table.rules.coupons)
    except OrderRefused as why:
        return {"refused": str(why)}
    if batch.id not in table.claim_codes.batches:
        table.claim_codes.add(batch)
    return {"batch": batch.id, "coupon": batch.coupon, "count": batch.count}


def take_codes_used(table: MemberTable, order: Mapping[str, Any], _at_us: int) -> dict[str, Any]:
    """Note the `codes` of an order that members of other tables have used."""
    for text in order["codes"]:
        table.claim_codes.use_elsewhere(str(text))
    return {"codes": len(order["codes"])}
