"""Campaigns and batches of claim codes as people order them, decoded and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Final, Self, TypeVar

import msgspec
from pydantic import AfterValidator, Field, ValidationError, model_validator

from rules.season.decimals import PositiveShare, Share, refusal
from rules.season.section import Distinct, Id, Name, Section
from rules.season.where import MemberWhere

ARMS_MAX: Final = 8
MEMBERS_MAX: Final = 1_000_000
CODES_MAX: Final = 2**30
KEY: Final = re.compile(r"[0-9a-f]{32,128}")


class OrderRefused(ValueError):  # noqa: N818 - an answer to the sender, not a failure
    """An order can't be carried out; the text says what is wrong and the fix."""


class Arm(Section):
    """One of the ways a campaign compares: its share of the members, coupon and message."""

    id: Id
    share: PositiveShare
    coupon: Id
    message: Name | None = None


class Campaign(Section):
    """A push that a person decides on: who, which coupon, what is said, who is held out.

    It goes to the members who are in the segment, match the condition and are on the list,
    whichever are given; without any of the three to everyone.
    """

    id: Id
    coupon: Id | None = None
    segment: Id | None = None
    where: MemberWhere = MemberWhere()
    members: Annotated[tuple[str, ...], Distinct] | None = Field(
        default=None, min_length=1, max_length=MEMBERS_MAX
    )
    message: Name | None = None
    holdout: Share = Fraction(0)
    arms: tuple[Arm, ...] = Field(default=(), max_length=ARMS_MAX)

    @model_validator(mode="after")
    def _split(self) -> Self:
        if bool(self.arms) == (self.coupon is not None):
            raise refusal("needs a coupon, or arms with one each", "give one of the two")
        if len({arm.id for arm in self.arms}) < len(self.arms):
            raise refusal("has two arms of one id", "rename one")
        shares = self.holdout + sum(arm.share for arm in self.arms)
        if self.arms and shares != 1:
            raise refusal(
                f"has shares that add up to {float(shares):g}",
                "let holdout and the arms' shares add up to 1",
            )
        if self.holdout == 1:
            raise refusal("holds everyone out", "lower holdout")
        return self

    @property
    def parts(self) -> tuple[Arm, ...]:
        """List the arms; a campaign without has a single one, with all who aren't held out."""
        if self.coupon is None:
            return self.arms
        return (Arm.model_construct(id="", share=1 - self.holdout, coupon=self.coupon),)


def _check_key(value: str) -> str:
    if KEY.fullmatch(value) is None:
        raise refusal("is no secret of 16 to 64 bytes", "write 32 to 128 hexadecimal digits")
    return value


class CodeBatch(Section):
    """A batch of codes for partners and social media; who has one claims the coupon."""

    id: Id
    coupon: Id
    count: int = Field(ge=1, le=CODES_MAX)
    key: Annotated[str, AfterValidator(_check_key)]
    per_member: int = Field(default=1, ge=1, le=1000)
    until_us: int | None = Field(default=None, description="No claim from this instant on")


def decode_campaign(fields: Mapping[str, Any]) -> Campaign:
    """Read a campaign's fields; raises OrderRefused with everything that is wrong."""
    return _decoded(Campaign, fields)


def decode_batch(fields: Mapping[str, Any]) -> CodeBatch:
    """Read a batch's fields; raises OrderRefused with everything that is wrong."""
    return _decoded(CodeBatch, fields)


Model = TypeVar("Model", Campaign, CodeBatch)


def _decoded(model: type[Model], fields: Mapping[str, Any]) -> Model:
    try:
        # As JSON, whose lists stand for the model's tuples.
        return model.model_validate_json(msgspec.json.encode(fields))
    except ValidationError as wrong:
        raise OrderRefused("; ".join(map(_sentence, wrong.errors()))) from None


def _sentence(error: Any) -> str:
    path = ".".join(map(str, error["loc"])) or "the order"
    fix = (error.get("ctx") or {}).get("fix")
    return f"{path}: {error['msg']}" + (f": {fix}" if fix else "")
