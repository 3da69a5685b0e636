import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import redis

from actors.store.client import check_server, connect
from actors.store.errors import ServerUnsuitable, StoreUnavailable
from actors.store.server import EmbeddedServer

KEEPER = """
import sys
from actors.store.server import EmbeddedServer
server = EmbeddedServer(sys.argv[1])
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


def test_acknowledged_writes_survive_kill_and_the_url_stays(own_server: EmbeddedServer) -> None:
    url, pid = own_server.url, own_server.pid
    with connect(url) as client:
        for round_ in range(3):
            client.incr("rounds")
            own_server.kill()
            assert not own_server.alive()
            assert own_server.pid is None
            own_server.start()
            assert own_server.url == url
            assert own_server.pid not in (pid, None)
            with connect(url) as again:
                assert again.get("rounds") == b"%d" % (round_ + 1)
            client.connection_pool.disconnect()


def test_starting_a_running_server_changes_nothing(own_server: EmbeddedServer) -> None:
    pid = own_server.pid
    own_server.start()
    assert own_server.pid == pid


def test_a_clean_stop_is_quick_keeps_the_data_and_can_be_repeated(
    own_server: EmbeddedServer,
) -> None:
    with connect(own_server.url) as client:
        client.set("kept", "1")
    began_s = time.monotonic()
    own_server.stop()
    assert time.monotonic() - began_s < 5
    assert not own_server.socket.exists()
    own_server.stop()
    own_server.start()
    with connect(own_server.url) as client:
        assert client.get("kept") == b"1"


def test_every_write_is_fsynced_and_the_socket_is_private(own_server: EmbeddedServer) -> None:
    with connect(own_server.url) as client:
        assert client.config_get("append*")["appendonly"] == "yes"
        assert client.config_get("appendfsync") == {"appendfsync": "always"}
        assert client.config_get("port") == {"port": "0"}
        assert check_server(client) == []
    assert own_server.socket.stat().st_mode & 0o077 == 0


def test_the_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    starting = threading.Thread(target=server.start)
    starting.start()
    starting.join()
    try:
        with connect(server.url) as client:
            for _ in range(50):
                assert client.ping()
    finally:
        server.stop()


def test_the_server_dies_with_a_killed_parent_and_its_folder_is_usable_at_once(
    tmp_path: Path,
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", KEEPER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    with connect(EmbeddedServer(tmp_path).url) as client:
        client.set("kept", "1")
    parent.kill()
    parent.communicate()
    with EmbeddedServer(tmp_path) as server, connect(server.url) as client:
        # The new server holds the lock that the old one inherited, so the old one is gone.
        assert server.pid != pid
        assert client.get("kept") == b"1"


def test_a_folder_whose_server_still_runs_is_refused(own_server: EmbeddedServer) -> None:
    second = EmbeddedServer(own_server.folder, binary=own_server.binary)
    with pytest.raises(StoreUnavailable, match=f"process {own_server.pid} still runs"):
        second.start(ready_within_s=0.2)
    assert own_server.alive()


def test_a_paused_server_counts_as_alive_and_is_killed_by_stop(own_server: EmbeddedServer) -> None:
    own_server.kill(signal.SIGSTOP)
    assert own_server.alive()
    own_server.stop(within_s=0.2)
    assert not own_server.alive()


def test_a_damaged_append_only_file_is_told_with_the_servers_own_words(
    own_server: EmbeddedServer,
) -> None:
    with connect(own_server.url) as client:
        client.set("a", "1")
    own_server.stop()
    [tail] = (own_server.folder / "appendonlydir").glob("*.incr.aof")
    tail.write_bytes(b"*garbage\r\n" * 100)
    with pytest.raises(StoreUnavailable, match=r"(?s)did not start: it ended.*Bad file format"):
        own_server.start()


def test_a_torn_last_write_is_cut_off(own_server: EmbeddedServer) -> None:
    with connect(own_server.url) as client:
        client.set("a", "1")
    own_server.stop()
    [tail] = (own_server.folder / "appendonlydir").glob("*.incr.aof")
    with tail.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$4\r\nha")
    own_server.start()
    with connect(own_server.url) as client:
        assert (client.get("a"), client.get("b")) == (b"1", None)


@pytest.mark.parametrize("name", ["a b", 'qu"ote', "back\\slash", "油站", "x" * 90])
def test_any_folder_name_works(tmp_path: Path, name: str) -> None:
    with EmbeddedServer(tmp_path / name) as server, connect(server.url) as client:
        assert client.ping()
        url = server.url
    assert EmbeddedServer(tmp_path / name).url == url


def test_a_missing_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="did not start"):
        EmbeddedServer(tmp_path, binary=tmp_path / "none").start()


def test_a_mirror_server_keeps_nothing_and_is_warned_of_as_a_log(tmp_path: Path) -> None:
    with (
        EmbeddedServer(tmp_path, durable=False) as server,
        connect(server.url) as client,
    ):
        [warning] = check_server(client)
        assert "appendonly yes" in warning
        client.set("a", "1")
    assert not (tmp_path / "appendonlydir").exists()


def test_weak_fsync_and_eviction_are_warned_of(own_server: EmbeddedServer) -> None:
    with connect(own_server.url) as client:
        client.config_set("appendfsync", "everysec")
        client.config_set("maxmemory", 1 << 30)
        client.config_set("maxmemory-policy", "allkeys-lru")
        fsync, eviction = check_server(client)
    assert "everysec" in fsync
    assert "allkeys-lru" in eviction


def test_an_acl_user_connects_by_url_and_a_wrong_password_is_told(
    own_server: EmbeddedServer,
) -> None:
    with connect(own_server.url) as client:
        client.execute_command("ACL", "SETUSER", "till", "on", ">pass word", "~*", "+@all")
    path = own_server.url.removeprefix("unix://")
    with connect(f"unix://till:pass%20word@{path}") as client:
        assert client.execute_command("ACL", "WHOAMI") == b"till"
    with (
        connect(f"unix://till:wrong@{path}") as client,
        pytest.raises(ServerUnsuitable, match="user and password"),
    ):
        check_server(client)


def test_no_answer_is_unavailable(tmp_path: Path) -> None:
    with (
        connect(f"unix://{tmp_path}/none.sock") as client,
        pytest.raises(StoreUnavailable, match="version"),
    ):
        check_server(client)


def test_a_command_is_sent_once_only(own_server: EmbeddedServer) -> None:
    """redis-py would by default try ten times after a lost answer."""
    with connect(own_server.url, answer_within_s=0.1) as client:
        client.set("count", 0)
        own_server.kill(signal.SIGSTOP)
        with pytest.raises(redis.TimeoutError):
            client.incr("count")
        own_server.kill(signal.SIGCONT)
        client.ping()
        assert client.get("count") in (b"0", b"1")


def test_the_process_leads_a_group_of_its_own(own_server: EmbeddedServer) -> None:
    assert own_server.pid is not None
    assert os.getpgid(own_server.pid) == own_server.pid
