"""What members read: every kind in both languages, in the programme's local time."""

import random

import pytest

from actors.notice_texts import TEXTS, WHY, language, text_of
from rules.notices.notice_book import KINDS, Notice
from rules.notices.reminders import CLAIM_REMINDERS
from rules.table.referral_book import STATES
from tests.unit.played_log import instant_us, rules_of
from tests.unit.test_notice_book import SEASON, drawn, told

CALENDAR = rules_of(SEASON).calendar


def test_every_kind_and_every_reason_has_its_texts() -> None:
    assert set(TEXTS) == set(KINDS)
    assert set(WHY) == set(STATES) - {"pending", "paid", "taken_back"}
    assert len(CLAIM_REMINDERS) == 2


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_can_be_written_in_both_languages(seed: int) -> None:
    found = told(drawn(random.Random(seed)), "08-15T00:00:00")
    for one in found:
        texts = {
            text_of(Notice(one.member, lang, one.kind, 0, one.data), CALENDAR)
            for lang in ("zh", "en")
        }
        assert len(texts) == 2
        assert not any("{" in text or "None" in text for text in texts)


def test_the_language_is_the_members_own_and_chinese_by_default() -> None:
    spoken = [
        language(Notice("a", lang, "tier_up", 0, {})) for lang in ("", "zh-CN", "en-GB", "fr")
    ]
    assert spoken == ["zh", "zh", "en", "zh"]


def test_points_expire_at_the_end_of_the_day_before() -> None:
    ends_us = instant_us("2026-07-03T00:00:00+08:00")
    one = Notice("a", "en", "points_expiring", 0, {"points": 50, "expires_us": ends_us})
    assert text_of(one, CALENDAR) == "50 of your points expire at the end of 2026-07-02."


def test_a_campaigns_message_comes_first() -> None:
    expires_us = instant_us("2026-07-03T12:00:00+08:00")
    data = {
        "coupon": "CODE",
        "coupon_id": "ten",
        "coupon_name": {"zh": "十元券", "en": "Ten off"},
        "message": {"zh": "想念您", "en": "We miss you."},
        "expires_us": expires_us,
    }
    text = text_of(Notice("a", "zh", "coupon_issued", 0, data), CALENDAR)
    assert text == "想念您 送您一张「十元券」，券码 CODE，2026-07-03 12:00 前有效。"
