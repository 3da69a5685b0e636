"""Notices on a live system: whoever dies between append and delivery, each is told once."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray

from tests.integration.live_fixtures import (
    SEASON,
    Live,
    StartLive,
    purchase,
    ray_session,
    start_live,
    stop,
)
from tests.integration.notice_receiver import SECRET, Receiver, receiving
from tests.patience import looks

__all__ = ["ray_session", "start_live"]

TELLING = (
    SEASON
    + """
[[coupons]]
id = "ten"
kind = "amount_off"
off = "10.00"
name = { zh = "十元券", en = "Ten off" }
[[triggers]]
on = "enrol"
issue = "ten"
[[catalogue]]
id = "mug"
points = 5
goods = { unit_cost = "1.00" }
[notices]
per_member_week = 2
"""
)


def enrol(number: int, lang: str = "en") -> dict[str, Any]:
    event = purchase(number, f"m-{number}", number)
    return {name: event[name] for name in ("event_id", "member", "at")} | {
        "type": "enrol",
        "attributes": {"lang": lang},
    }


def start_telling(start_live: StartLive, data: Path, receiver: Receiver, **more: Any) -> Live:
    return start_live(
        data,
        season_text=TELLING,
        notify=("file", f"webhook={receiver.url}"),
        webhook_secret=SECRET,
        **more,
    )


def filed(data: Path) -> list[dict[str, Any]]:
    files = sorted((data / "notices").glob("*.ndjson"))
    return [json.loads(line) for path in files for line in path.read_bytes().splitlines()]


def wait_for_file(data: Path, count: int) -> list[dict[str, Any]]:
    for look in looks(60, f"{count} notices in the file"):
        if len(found := filed(data)) >= count:
            break
        look.saw = len(found)
    return found


def kill(actor: Any) -> None:
    os.kill(ray.get(actor.pid.remote()), signal.SIGKILL)


def told_of(live: Live, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = live.get("/v1/notices", **parameters)["notices"]
    return found


def wait_until_told(live: Live, count: int, **parameters: Any) -> list[tuple[str, str]]:
    for look in looks(60, f"{count} deliveries to be listed"):
        if len(listed := told_of(live, **parameters)) >= count:
            break
        look.saw = len(listed)
    return [(one["way"], one["id"]) for one in listed]


def test_notices_go_both_ways_with_their_texts(start_live: StartLive, tmp_path: Path) -> None:
    with receiving() as receiver:
        live = start_telling(start_live, tmp_path / "data", receiver, shards=1)
        live.post([enrol(1), enrol(2, "zh")])
        receiver.wait_for(lambda: len(receiver.letters) == 2)
        [mine] = [one for one in receiver.letters if one["member"] == "m-1"]
        assert mine["kind"] == "coupon_issued"
        assert mine["lang"] == "en"
        assert mine["text"].startswith("A coupon for you: Ten off, code ")
        [other] = [one for one in receiver.letters if one["member"] == "m-2"]
        assert "十元券" in other["text"]
        by_id = {one["id"]: one for one in wait_for_file(tmp_path / "data", 2)}
        assert by_id == {one["id"]: one for one in receiver.letters}
        assert receiver.forged == 0
        # A delivery is written down after it happened: the list follows what was received.
        ways = wait_until_told(live, 2, member="m-1", state="sent")
        assert sorted(ways) == [("file", mine["id"]), ("webhook", mine["id"])]
        wait_until_told(live, 2, member="m-2", state="sent")
        counts = live.get("/v1/notices")["counts"]
        assert counts["webhook"] == counts["file"] == {"sent": 2}
        denied = live.http.get("/v1/notices", headers=live.as_role("till"))
        assert denied.status_code == httpx.codes.FORBIDDEN


@pytest.mark.long
def test_kills_between_append_and_delivery_lose_and_double_nothing(
    start_live: StartLive, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with receiving() as receiver:
        live = start_telling(start_live, data, receiver)
        for number in range(1, 241):
            live.send(enrol(number))
            if number % 60 == 20:
                kill(live.system.keeper)
            elif number % 60 == 40:
                kill(live.system.members[number // 60 % 2])
        receiver.wait_for(lambda: len(set(receiver.ids)) == 240, 180)
        letters = wait_for_file(data, 240)
        assert Counter(one["member"] for one in letters) == Counter(
            {f"m-{number}": 1 for number in range(1, 241)}
        )
        taken = Counter(one["member"] for one in receiver.letters)
        assert len(taken) == 240
        # Only a post whose answer a killed process never saw may come again, under its own id.
        ids = {(one["member"], one["id"]) for one in receiver.letters}
        assert len(ids) == 240
        again = [name for name, count in Counter(receiver.ids).items() if count > 1]
        assert len(again) <= 4 * 8
        before = len(receiver.ids)
        stop(live)
        live = start_telling(start_live, data, receiver)
        live.post(enrol(241))
        receiver.wait_for(lambda: len(set(receiver.ids)) == 241)
        assert len(receiver.ids) == before + 1
        assert len(wait_for_file(data, 241)) == 241


@pytest.mark.long
def test_a_receiver_that_is_away_gets_everything_later(
    start_live: StartLive, tmp_path: Path
) -> None:
    with receiving() as gone:
        port = int(gone.url.rsplit(":", 1)[1].split("/")[0])
    live = start_telling(start_live, tmp_path / "data", gone)
    live.post([enrol(1), enrol(2)])
    assert len(wait_for_file(tmp_path / "data", 2)) == 2
    wait_until_told(live, 2, state="sent")
    assert {one["way"] for one in told_of(live, state="waiting")} == {"webhook"}
    with receiving(port) as receiver:
        receiver.wait_for(lambda: len(receiver.letters) == 2)
    stop(live)


@pytest.mark.long
def test_what_is_refused_is_kept_and_sent_again_when_asked(
    start_live: StartLive, tmp_path: Path
) -> None:
    with receiving() as receiver:
        receiver.answer = lambda letter: 422 if letter["member"] == "m-1" else 204
        live = start_telling(start_live, tmp_path / "data", receiver)
        live.post([enrol(1), enrol(2)])
        receiver.wait_for(lambda: len(receiver.ids) == 2)
        ends_s = time.monotonic() + 30
        while not (dead := told_of(live, state="dead")):
            assert time.monotonic() < ends_s
            time.sleep(0.05)
        assert [(one["member"], one["why"]) for one in dead] == [("m-1", "answered 422")]
        name = dead[0]["id"]
        assert live.http.post("/v1/notices/0-0-0/retry").status_code == httpx.codes.NOT_FOUND
        receiver.answer = lambda _: 204
        asked = live.http.post(f"/v1/notices/{name}/retry")
        assert asked.status_code == httpx.codes.ACCEPTED
        assert asked.json()["ways"] == ["webhook"]
        receiver.wait_for(lambda: len(receiver.letters) == 2)
        assert receiver.ids.count(name) == 2
        assert live.http.post(f"/v1/notices/{name}/retry").status_code == httpx.codes.NOT_FOUND


@pytest.mark.long
def test_the_weekly_limit_holds_over_a_restart_and_spares_security(
    start_live: StartLive, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    season = TELLING.replace("per_member_week = 2", "per_member_week = 1")
    live = start_live(data, season_text=season, shards=1)
    live.post([enrol(1), purchase(2, "m-1", 2, "60.000")])
    wait_for_file(data, 1)
    stop(live)
    live = start_live(data, season_text=season, shards=1)
    redeem = purchase(4, "m-1", 4) | {"type": "redeem", "item": "mug", "litres": None}
    redeem = {k: v for k, v in redeem.items() if k not in ("product", "litres", "amount")}
    live.post([purchase(3, "m-1", 3, "60.000"), redeem])
    letters = wait_for_file(data, 2)
    assert [one["kind"] for one in letters] == ["coupon_issued", "redeemed"]
    wait_until_told(live, 1, state="dropped")
    [dropped] = told_of(live, state="dropped")
    assert dropped["kind"] == "tier_up"
