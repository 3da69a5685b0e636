"""Posts are signed and tried again; files take each notice once, whatever a crash left."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from actors.notice_file import NoticeFile
from actors.notice_webhook import NoticeWebhook, Patience, Sent, signature
from tests.integration.notice_receiver import SECRET, Receiver, receiving

QUICK = Patience(tries_max=5, refused_max=3, base_s=0.001)


def letter(number: int) -> dict[str, Any]:
    return {"id": f"0-1-{number}", "member": "a", "text": "您好"}


def post(url: str, secret: str = SECRET, patience: Patience = QUICK) -> Sent | None:
    async def once() -> Sent | None:
        webhook = NoticeWebhook(url, secret, patience=patience)
        try:
            return await webhook.send(letter(1), asyncio.Event())
        finally:
            await webhook.close()

    return asyncio.run(once())


def answering(receiver: Receiver, codes: list[int]) -> None:
    given = iter(codes)
    receiver.answer = lambda _: next(given)


def test_a_post_is_signed_and_taken_once() -> None:
    with receiving() as receiver:
        assert post(receiver.url) == Sent(True, 1)
        assert (receiver.ids, receiver.forged) == (["0-1-1"], 0)
        assert receiver.letters == [letter(1)]


def test_a_wrong_secret_is_found_out() -> None:
    with receiving() as receiver:
        assert post(receiver.url, "another-secret-of-the-tests") == Sent(False, 1, "answered 401")
        assert (receiver.letters, receiver.forged) == ([], 1)


def test_a_receiver_that_fails_is_tried_again_under_the_same_id() -> None:
    with receiving() as receiver:
        answering(receiver, [500, 503, 204])
        assert post(receiver.url) == Sent(True, 3)
        assert receiver.ids == ["0-1-1"] * 3


@pytest.mark.parametrize(
    ("codes", "tries"), [([500] * 9, 3), ([503] * 9, 5), ([429, 500, 503, 500, 500], 5), ([404], 1)]
)
def test_it_is_given_up_in_the_end(codes: list[int], tries: int) -> None:
    with receiving() as receiver:
        answering(receiver, codes)
        sent = post(receiver.url)
        assert sent == Sent(False, tries, f"answered {codes[tries - 1]}")
        assert len(receiver.ids) == tries


def test_nobody_there_is_given_up_after_all_tries() -> None:
    with receiving() as receiver:
        url = receiver.url
    sent = post(url)
    assert sent is not None
    assert (sent.taken, sent.tries) == (False, 5)
    assert sent.why


def test_redirects_are_not_followed() -> None:
    with receiving() as receiver:
        answering(receiver, [302])
        assert post(receiver.url) == Sent(False, 1, "answered 302")


def test_pauses_grow_up_to_the_longest_with_jitter() -> None:
    patience = Patience(base_s=1.0, longest_s=60.0)
    for tries, whole_s in ((1, 1.0), (2, 2.0), (4, 8.0), (20, 60.0)):
        drawn = [patience.pause_s(tries) for _ in range(50)]
        assert all(whole_s / 2 <= pause_s <= whole_s for pause_s in drawn)
        assert len(set(drawn)) > 40


def test_a_stop_between_tries_leaves_the_outcome_open() -> None:
    async def stopped() -> Sent | None:
        with receiving() as receiver:
            answering(receiver, [503] * 9)
            stopping = asyncio.Event()
            webhook = NoticeWebhook(receiver.url, SECRET, patience=Patience(base_s=30.0))
            task = asyncio.create_task(webhook.send(letter(1), stopping))
            await asyncio.to_thread(receiver.wait_for, lambda: len(receiver.ids) == 1)
            stopping.set()
            try:
                return await task
            finally:
                await webhook.close()

    assert asyncio.run(stopped()) is None


def lines(folder: Path) -> list[str]:
    return [
        json.loads(line)["id"]
        for path in sorted(folder.glob("*.ndjson"))
        for line in path.read_bytes().splitlines()
    ]


def test_a_file_takes_what_a_crash_left_without_a_note_once(tmp_path: Path) -> None:
    NoticeFile(tmp_path).send([letter(0), letter(1)], "2026-06")
    again = NoticeFile(tmp_path)
    assert again.send([letter(0), letter(1), letter(2)], "2026-07") == [Sent(True, 1)] * 3
    again.send([letter(3)], "2026-07")
    assert lines(tmp_path) == ["0-1-0", "0-1-1", "0-1-2", "0-1-3"]
    assert len(list(tmp_path.glob("*.ndjson"))) == 2


def test_another_shard_s_notices_between_do_not_hide_what_has_no_note(tmp_path: Path) -> None:
    unnoted = letter(0) | {"id": "1-9-0"}
    NoticeFile(tmp_path).send([unnoted], "2026-06")
    again = NoticeFile(tmp_path)
    # A round goes through the shards in order: the first has news before the second is come to.
    again.send([letter(5)], "2026-06")
    again.send([unnoted], "2026-06")
    # The store didn't take the note: the same once more, after the first shard's next news.
    again.send([letter(6)], "2026-06")
    again.send([unnoted], "2026-06")
    assert lines(tmp_path) == ["1-9-0", "0-1-5", "0-1-6"]


def test_a_torn_line_is_cut_off_and_written_again(tmp_path: Path) -> None:
    NoticeFile(tmp_path).send([letter(0), letter(1)], "2026-06")
    path = tmp_path / "notices-2026-06.ndjson"
    path.write_bytes(path.read_bytes()[:-7])
    NoticeFile(tmp_path).send([letter(0), letter(1)], "2026-06")
    assert lines(tmp_path) == ["0-1-0", "0-1-1"]


def receiver_of_the_guide() -> Any:
    """Take the receiver out of the guide, as a reader would."""
    guide = (Path(__file__).parents[2] / "docs" / "notices.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(guide.split("```python\n")[1].split("```")[0], names)
    return names["taken"]


def test_the_receiver_of_the_guide_takes_what_is_signed_and_nothing_else() -> None:
    taken, seen = receiver_of_the_guide(), set[str]()
    body, stamp = b'{"id":"0-1-1"}', str(int(time.time()))
    headers = {
        "Forecourt-Timestamp": stamp,
        "Forecourt-Signature": signature(SECRET, stamp, body),
        "Idempotency-Key": "0-1-1",
    }
    assert [taken(headers, body, SECRET, seen) for _ in range(2)] == [204, 204]
    assert seen == {"0-1-1"}
    assert taken(headers, body + b" ", SECRET, seen) == 401
    assert taken(headers, body, SECRET + "x", seen) == 401
    assert taken(headers | {"Forecourt-Timestamp": "1"}, body, SECRET, seen) == 401
    old = str(int(time.time()) - 1000)
    signed = {"Forecourt-Timestamp": old, "Forecourt-Signature": signature(SECRET, old, body)}
    assert taken(headers | signed, body, SECRET, seen) == 408
