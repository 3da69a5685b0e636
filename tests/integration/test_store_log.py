import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from actors.store import keys
from actors.store.client import connect
from actors.store.errors import Fenced, LogGap, StoreUnavailable, Unsettled
from actors.store.log import Draft, Entry, ShardLog
from actors.store.server import EmbeddedServer


def writer(client: redis.Redis, shard: int = 0) -> ShardLog:
    log = ShardLog(client, "summer", shard)
    log.take_epoch()
    return log


def test_entries_come_back_in_order_with_seqs_from_one(client: redis.Redis) -> None:
    log = writer(client)
    assert (log.last_seq(), log.last_stamp_us(), list(log.read())) == (0, 0, [])
    stamp_us = 1_790_000_000_123_456
    assert log.append("events", stamp_us, b"\x00\xff" * 50) == 1
    assert log.append_many(
        [Draft("advance", stamp_us + 1), Draft("close", stamp_us + 2, b"{}")]
    ) == [2, 3]
    assert log.append_many([]) == []
    assert (log.last_seq(), log.last_stamp_us()) == (3, stamp_us + 2)
    assert list(log.read()) == [
        Entry(1, "events", stamp_us, b"\x00\xff" * 50),
        Entry(2, "advance", stamp_us + 1, b""),
        Entry(3, "close", stamp_us + 2, b"{}"),
    ]
    assert [entry.seq for entry in log.read(after_seq=2)] == [3]
    assert client.xinfo_stream(keys.log("summer", 0))["last-generated-id"] == b"3-0"


def test_reading_is_chunked_over_large_and_small_entries(client: redis.Redis) -> None:
    log = writer(client)
    sizes = [3_000_000] * 12 + [10] * 3000
    for size in sizes[:12]:
        log.append("events", 1, bytes(size))
    log.append_many([Draft("events", 1, bytes(size)) for size in sizes[12:]])
    assert [len(entry.payload) for entry in log.read()] == sizes


def test_an_older_writer_is_fenced_and_writes_nothing(client: redis.Redis) -> None:
    old = writer(client)
    old.append("events", 5, b"a")
    new = writer(client)
    assert (old.epoch, new.epoch) == (1, 2)
    with pytest.raises(Fenced, match="epoch 1 is not the owner's, 2"):
        old.append("events", 6, b"b")
    with pytest.raises(Fenced):
        old.trim(1)
    assert new.append("events", 7, b"c") == 2
    assert [entry.payload for entry in new.read()] == [b"a", b"c"]


def test_a_writer_without_an_epoch_is_refused(client: redis.Redis) -> None:
    with pytest.raises(Fenced, match="take an epoch"):
        ShardLog(client, "summer", 0).append("events", 1)


def test_a_store_that_lost_its_data_refuses_the_old_writer(client: redis.Redis) -> None:
    log = writer(client)
    log.append("events", 1, b"a")
    client.flushall()
    with pytest.raises(Fenced):
        log.append("events", 2, b"b")
    assert client.dbsize() == 0


def test_a_stream_replaced_under_the_writer_is_a_gap(client: redis.Redis) -> None:
    log = writer(client)
    log.append_many([Draft("events", 1), Draft("events", 2)])
    client.hset(keys.head("summer", 0), "seq", 1)
    with pytest.raises(LogGap, match="last entry is 1, not 2"):
        log.append("events", 3)


def test_trimmed_entries_are_gone_and_reading_over_them_is_refused(client: redis.Redis) -> None:
    log = writer(client)
    log.append_many([Draft("events", stamp) for stamp in range(1, 11)])
    assert log.trim(7) == 7
    assert [entry.seq for entry in log.read(7)] == [8, 9, 10]
    with pytest.raises(LogGap, match="entry 4 is not in the log"):
        list(log.read(3))
    assert log.trim(10) == 3
    assert (log.last_seq(), log.last_stamp_us()) == (10, 10)
    with pytest.raises(LogGap):
        list(log.read(9))
    assert list(log.read(10)) == []
    assert log.append("events", 11) == 11


def test_wrong_entries_are_refused_before_they_are_sent(client: redis.Redis) -> None:
    log = writer(client)
    with pytest.raises(ValueError, match="kind = 'party'"):
        log.append("party", 1)  # type: ignore[arg-type]  # what a caller without types may do
    with pytest.raises(ValueError, match="split the batch"):
        log.append("events", 1, bytes(64 * 1024 * 1024 + 1))
    assert log.append("events", 1) == 1


def test_shards_and_seasons_have_logs_of_their_own(client: redis.Redis) -> None:
    one, two = writer(client, 1), writer(client, 2)
    other = ShardLog(client, "winter", 1)
    other.take_epoch()
    named = ((one, b"1"), (two, b"2"), (other, b"w"))
    assert [log.append("events", 1, name) for log, name in named] == [1, 1, 1]
    assert [entry.payload for entry in one.read()] == [b"1"]
    assert [entry.payload for entry in other.read()] == [b"w"]


class Wire:
    """A relay before the server that can swallow answers or requests."""

    def __init__(self, target: Path, at: Path) -> None:
        self.target, self.at = target, at
        self.drop_answers = threading.Event()
        self.held: list[bytes] = []
        self.hold_requests = threading.Event()
        self.heard = threading.Event()
        self.upstream: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(at))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(self.target))
            self.upstream.append(far)
            threading.Thread(target=self._requests, args=(near, far), daemon=True).start()
            threading.Thread(target=self._answers, args=(far, near), daemon=True).start()

    def _requests(self, near: socket.socket, far: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            while content := near.recv(65536):
                if self.hold_requests.is_set():
                    self.held.append(content)
                    self.heard.set()
                else:
                    far.sendall(content)

    def _answers(self, far: socket.socket, near: socket.socket) -> None:
        # Either end may close at any moment; then this connection is over.
        with contextlib.suppress(OSError):
            while content := far.recv(65536):
                if self.drop_answers.is_set():
                    self.heard.set()
                else:
                    near.sendall(content)

    def close(self) -> None:
        self._listener.close()
        for far in self.upstream:
            far.close()


@contextmanager
def wired(server: EmbeddedServer, folder: Path) -> Iterator[tuple[Wire, redis.Redis]]:
    wire = Wire(server.socket, folder / "wire.sock")
    client = connect(f"unix://{wire.at}", answer_within_s=0.2)
    try:
        yield wire, client
    finally:
        client.close()
        wire.close()


def test_repeating_an_append_whose_answer_was_lost_writes_once(
    client: redis.Redis, any_server: EmbeddedServer, tmp_path: Path
) -> None:
    with wired(any_server, tmp_path) as (wire, shaky):
        log = writer(shaky)
        log.append("events", 1, b"a")
        wire.drop_answers.set()
        with pytest.raises(StoreUnavailable, match="append to the log of shard 0"):
            log.append("events", 2, b"b")
        assert wire.heard.wait(5)
        assert log.unsettled
        with pytest.raises(Unsettled, match="entry 2"):
            log.append("events", 2, b"other")
        wire.drop_answers.clear()
        assert log.append("events", 2, b"b") == 2
        assert log.append("events", 3, b"c") == 3
    assert [entry.payload for entry in ShardLog(client, "summer", 0).read()] == [b"a", b"b", b"c"]


def test_settling_tells_that_an_append_was_written(
    client: redis.Redis, any_server: EmbeddedServer, tmp_path: Path
) -> None:
    with wired(any_server, tmp_path) as (wire, shaky):
        log = writer(shaky)
        wire.drop_answers.set()
        with pytest.raises(StoreUnavailable):
            log.append_many([Draft("events", 7, b"a"), Draft("advance", 8)])
        assert wire.heard.wait(5)
        wire.drop_answers.clear()
        assert log.settle() == [Entry(1, "events", 7, b"a"), Entry(2, "advance", 8, b"")]
        assert not log.unsettled
        assert log.settle() == []
        assert log.append("events", 9, b"c") == 3
    assert len(list(ShardLog(client, "summer", 0).read())) == 3


def test_an_append_that_arrives_after_settling_is_refused(
    client: redis.Redis, any_server: EmbeddedServer, tmp_path: Path
) -> None:
    with wired(any_server, tmp_path) as (wire, shaky):
        log = writer(shaky)
        log.append("events", 1, b"a")
        wire.hold_requests.set()
        with pytest.raises(StoreUnavailable):
            log.append("events", 2, b"late")
        assert wire.heard.wait(5)
        wire.hold_requests.clear()
        assert log.settle() == []
        with socket.socket(socket.AF_UNIX) as late:
            late.connect(str(any_server.socket))
            late.sendall(b"".join(wire.held))
            assert late.recv(100).startswith(b"*2\r\n$6\r\nfenced\r\n")
        assert log.append("events", 3, b"b") == 2
    assert [entry.payload for entry in ShardLog(client, "summer", 0).read()] == [b"a", b"b"]


def test_settling_never_takes_the_log_back_from_a_newer_owner(
    client: redis.Redis, any_server: EmbeddedServer, tmp_path: Path
) -> None:
    with wired(any_server, tmp_path) as (wire, shaky):
        log = writer(shaky)
        wire.hold_requests.set()
        with pytest.raises(StoreUnavailable):
            log.append("events", 1, b"a")
        wire.hold_requests.clear()
        owner = writer(client)
        with pytest.raises(Fenced):
            log.settle()
        assert owner.append("events", 1, b"b") == 1


def test_a_paused_server_is_unavailable_within_the_time_out_and_then_goes_on(
    own_server: EmbeddedServer,
) -> None:
    with connect(own_server.url, answer_within_s=0.2) as client:
        log = writer(client)
        log.append("events", 1, b"a")
        own_server.kill(signal.SIGSTOP)
        try:
            with pytest.raises(StoreUnavailable):
                log.append("events", 2, b"b")
            with pytest.raises(StoreUnavailable):
                log.settle()
        finally:
            own_server.kill(signal.SIGCONT)
        settled = log.settle()
        assert [entry.payload for entry in settled] in ([], [b"b"])
        log.append("events", 3, b"c")
        expected = [b"a", *(entry.payload for entry in settled), b"c"]
        assert [entry.payload for entry in log.read()] == expected


def test_killing_the_server_between_and_during_appends_loses_and_doubles_nothing(
    own_server: EmbeddedServer,
) -> None:
    """Append from a thread while the server is killed and restarted again and again."""
    acknowledged: list[int] = []
    enough = threading.Event()
    failed: list[BaseException] = []

    def append_all() -> None:
        try:
            with connect(own_server.url, answer_within_s=2.0) as client:
                log = writer(client)
                number = 0
                while not enough.is_set():
                    number += 1
                    content = b"%d" % number * 200
                    while True:
                        try:
                            acknowledged.append(log.append("events", number, content))
                            break
                        except StoreUnavailable:
                            continue
        except BaseException as error:
            failed.append(error)
            raise

    appending = threading.Thread(target=append_all)
    appending.start()
    with connect(own_server.url) as client:
        reader = ShardLog(client, "summer", 0)
        for _ in range(5):
            grown = len(acknowledged) + 100
            while len(acknowledged) < grown and appending.is_alive():
                enough.wait(0.001)
            own_server.kill(signal.SIGKILL)
            assert not own_server.alive()
            own_server.start()
        enough.set()
        appending.join(30)
        assert not failed
        assert not appending.is_alive()
        found = list(reader.read())
    assert acknowledged == list(range(1, len(acknowledged) + 1))
    assert [entry.stamp_us for entry in found] == acknowledged
    assert [entry.payload for entry in found] == [b"%d" % n * 200 for n in acknowledged]


def test_without_a_server_everything_is_unavailable(tmp_path: Path) -> None:
    with connect(f"unix://{tmp_path}/none.sock") as client:
        log = ShardLog(client, "summer", 0)
        calls: tuple[Callable[[], object], ...] = (
            log.take_epoch,
            log.last_seq,
            log.last_stamp_us,
            lambda: list(log.read()),
            lambda: log.trim(1),
        )
        for call in calls:
            with pytest.raises(StoreUnavailable):
                call()


def test_a_full_server_refuses_the_append_whole(client: redis.Redis) -> None:
    log = writer(client)
    log.append("events", 1, b"a")
    used = client.info("memory")["used_memory"]
    client.config_set("maxmemory", used)
    try:
        with pytest.raises(StoreUnavailable):
            log.append_many([Draft("events", 2, bytes(100_000))] * 3)
    finally:
        client.config_set("maxmemory", 0)
    assert log.last_seq() == 1
    assert log.settle() == []
    assert log.append("events", 2, b"b") == 2
