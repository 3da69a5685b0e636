"""Take codes and holdouts from the product: any fixed hash would do, so it isn't doubted."""

from collections.abc import Iterator
from fractions import Fraction

from rules.coupons.coupon_codes import code_lanes, write_code
from rules.coupons.holdout import held_out


def codes_of(programme: str, member: str, template: str, cause: str) -> Iterator[str]:
    """Give the codes a coupon may have: the next one where another has the first."""
    for lane in code_lanes(programme, [member], template, [cause]):
        yield write_code(int(lane[0]))


def is_held_out(programme: str, trigger: str, member: str, share: Fraction) -> bool:
    """Say whether a member is held out of a trigger."""
    return bool(held_out(programme, trigger, [member], share)[0])
