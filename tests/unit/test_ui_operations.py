"""The operations page's logic against recorded answers, and what its parts write."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest

from rules.judging.results import REASONS, STATUSES
from tests.ui.fixture_api import member_id
from tests.ui.fixture_reports import ADMIN_KEY
from tests.ui.opened import opened, shown
from tests.ui.recorded import Recorded
from ui.answers.operations import AuditEntry
from ui.client import Client
from ui.parts.operations_admin import about
from ui.parts.operations_files import audit_csv, processes_csv, samples_csv
from ui.texts import LANGUAGES, texts

pytestmark = pytest.mark.usefixtures("system")


def test_now_tells_rates_times_lags_and_restarts() -> None:
    page = shown(opened("operations"))
    assert "Events a second" in page
    assert "At most 5" in page  # the wave's crest: 410 · (1 + 1/3 + 1/12) at most
    assert "99 of 100 answers within 84 ms at worst" in page
    assert "6 of 7" in page
    assert "3 restarts" in page
    assert "911,204 of 916,894 events applied" in page
    assert "product not in the season file" in page
    assert "/v1/standings/{board}" in page


def test_a_system_that_is_not_ready_says_why(system: Recorded) -> None:
    system.choose(fault="store")
    page = shown(opened("operations"))
    assert "Events are not taken now" in page
    assert "connection refused" in page
    # Quotes are escaped in markup.
    assert "the store doesn&#x27;t answer" in page


def test_a_fresh_system_has_nothing_to_show_yet(system: Recorded) -> None:
    system.choose(empty=True)
    assert "No event has come since the start" in shown(opened("operations"))
    assert "no budget and no stock" in shown(opened("operations", part="budgets"))
    assert "No load test is in the data folder" in shown(opened("operations", part="tests"))


def test_processes_and_shards() -> None:
    page = shown(opened("operations", part="processes"))
    assert "Away: Ranking, shard 2" in page
    assert "102,098 members on 2 shards" in page
    assert "2 h old, 412,000 events since" in page
    assert "none yet, 412,000 events" in page
    assert "at most 5,000" in page


def test_budgets_and_load_tests_in_chinese() -> None:
    page = shown(opened("operations", locale="zh-CN", part="budgets"))
    assert "4 项预算中 1 项剩余不足一成" in page
    assert "¥7,612.00 / ¥8,000.00" in page
    assert "金额 · 每月" in page
    page = shown(opened("operations", locale="zh-CN", part="tests"))
    assert "不丢不重：已确认 48,210 笔事件，差异 0 处" in page
    assert "无法读取" in page
    assert "26.1 ×" in page


def test_every_result_and_reason_has_words() -> None:
    for language in LANGUAGES:
        words = texts(language).words
        assert {f"result.{status}" for status in STATUSES} <= words.keys()
        assert {f"reason.{reason}" for reason in REASONS if reason} <= words.keys()


@pytest.mark.parametrize("part", ["audit", "keys"])
def test_audit_and_keys_need_an_admins_key(part: str, server: Recorded) -> None:
    app = opened("operations", part=part)
    assert "An administrator&#x27;s key is needed" in shown(app)
    app.text_input(key="admin_key").set_value(server.key).run()
    assert "may not" in shown(app)
    app.text_input(key="admin_key").set_value(ADMIN_KEY).run()
    page = shown(app)
    assert ADMIN_KEY not in page
    if part == "audit":
        assert "The last 5 entries: 15 refusals" in page
        assert "refused, 14 times" in page
        assert "outcome unknown" in page
        assert member_id(17) not in page
    else:
        assert "3 keys: 1 till, 0 app, 1 analyst, 1 admin" in page
        assert "at most 500/second" in page


def test_a_member_an_act_was_about_is_masked() -> None:
    when = "2026-06-01T00:00:00Z"
    entry = {"id": "1-0", "at": when, "key": "k", "role": "admin", "outcome": "done"}

    def of(act: str, thing: str) -> AuditEntry:
        return msgspec.convert(entry | {"act": act, "object": thing}, AuditEntry, strict=False)

    assert about(of("member.erase", "m-000042")) == "m-•••42"
    assert about(of("event.adjust", "12 members")) == "12 members"
    assert about(of("key.make", "77aa01bc42de")) == "77aa01bc42de"


def test_what_is_shown_can_be_taken_away(server: Recorded) -> None:
    rows = list(csv.reader(io.StringIO(samples_csv())))
    assert rows[0][:3] == ["at", "events_per_s", "requests_per_s"]
    assert len(rows) == 361
    assert "ranking,1,false,2" in processes_csv()
    client = Client(server.url, ADMIN_KEY)
    whole = audit_csv(client.audit(50))
    client.close()
    assert member_id(17) in whole
