"""A key that pushes more than the shards take is told to come later; another one finds room."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray

from tests.integration.live_fixtures import (
    StartLive,
    ndjson,
    purchase,
    ray_session,
    start_live,
)

__all__ = ["ray_session", "start_live"]

BODY_EVENTS = 10_000
PUSHED = 24
WITHIN_S = 60.0


@pytest.mark.long
def test_a_flooding_key_is_refused_in_time_and_starves_nobody(
    start_live: StartLive, tmp_path: Path
) -> None:
    live = start_live(tmp_path / "data", shards=1)
    live.post(purchase(0, "m-0", 0))
    made = live.http.post("/v1/keys", json={"role": "till"}).json()
    flooding, quiet = {"Authorization": f"Bearer {made['key']}"}, live.as_role("till")
    answers: Counter[int] = Counter()
    told: list[str] = []

    def push(number: int) -> None:
        first = 1 + number * BODY_EVENTS
        events = [purchase(first + n, f"m-{n % 500}", 1) for n in range(BODY_EVENTS)]
        answer = post(events, flooding)
        answers[answer.status_code] += 1
        if not answer.is_success:
            told.append(answer.headers.get("Retry-After", ""))

    def post(events: list[dict[str, Any]], headers: dict[str, str]) -> httpx.Response:
        with httpx.Client(base_url=live.system.url, trust_env=False, timeout=WITHIN_S) as http:
            kind = {"Content-Type": "application/x-ndjson"}
            return http.post("/v1/events", content=ndjson(events), headers=headers | kind)

    shard = ray.get(live.system.members[0].pid.remote())
    os.kill(shard, signal.SIGSTOP)
    try:
        pushers = [threading.Thread(target=push, args=(number,)) for number in range(PUSHED)]
        for pusher in pushers:
            pusher.start()
        ends_s = time.monotonic() + WITHIN_S
        while not answers[httpx.codes.TOO_MANY_REQUESTS]:
            assert time.monotonic() < ends_s, f"nothing was refused: {answers}"
            time.sleep(0.02)
        found: list[httpx.Response] = []
        other = threading.Thread(
            target=lambda: found.append(post([purchase(-1, "m-quiet", 2)], quiet))
        )
        other.start()
    finally:
        os.kill(shard, signal.SIGCONT)
    other.join(WITHIN_S)
    for pusher in pushers:
        pusher.join(WITHIN_S)

    assert found[0].status_code == httpx.codes.OK, found[0].text
    assert found[0].json()["results"][0]["status"] == "applied"
    assert set(answers) <= {200, 429, 503}
    assert all(word.isdigit() and int(word) >= 1 for word in told)
    # What was refused was not taken: the same bodies are whole now.
    answers.clear()
    for number in range(PUSHED):
        push(number)
    assert set(answers) == {200}
    assert live.get("/v1/members/m-quiet")["active"] == 10
