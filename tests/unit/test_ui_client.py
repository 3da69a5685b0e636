"""The typed client against real HTTP: what it reads, and what it says when that fails."""

import socket
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.ui.fixture_api import HASH, MEMBERS, member_id
from tests.ui.recorded import Recorded, recorded_answers
from ui.client import Client
from ui.troubles import Refused, Unreachable, Unreadable, Warming


@pytest.fixture(scope="module")
def server() -> Iterator[Recorded]:
    with recorded_answers() as running:
        yield running


@pytest.fixture
def system(server: Recorded) -> Iterator[Client]:
    server.choose()
    client = Client(server.url, server.key)
    yield client
    client.close()


def test_reads_the_season(system: Client) -> None:
    season = system.season(hours=2)
    assert season.name.in_language("zh") == "2026 夏季加油赛"
    assert season.phase == "open"
    assert season.next_change is not None
    assert season.next_change.at > season.now
    assert season.now.utcoffset() is not None
    assert len(season.points_per_hour) == 2
    assert season.budget == Decimal("20000.00")


def test_hours_are_left_out_when_nobody_draws_them(system: Client) -> None:
    assert system.season(hours=0).points_per_hour == ()
    assert len(system.season().points_per_hour) == 30 * 24


def test_pages_of_a_board_join_without_gap(system: Client) -> None:
    first = system.standings("overall", limit=100)
    rest = system.standings("overall", after=int(first.next_cursor or 0), limit=100)
    assert [row.rank for row in (*first.rows, *rest.rows)] == list(range(1, MEMBERS + 1))
    assert rest.next_cursor is None


def test_reads_around_a_member(system: Client) -> None:
    around = system.around("overall", member_id(40), span=3)
    assert [row.rank for row in around.rows] == list(range(37, 44))
    assert around.focus == 40


def test_reads_prizes_ranks_and_a_member(system: Client) -> None:
    prizes = system.prizes()
    assert prizes.provisional
    assert prizes.total.total == prizes.total.unit_cost + prizes.total.tax
    assert system.ranks("overall", [member_id(5), "nobody"]).ranks == {
        member_id(5): 5,
        "nobody": None,
    }
    next_tier = system.member(member_id(5)).next_tier
    assert next_tier is not None
    assert next_tier.missing["litres"] == "301.500"


def test_final_season_has_its_hash(server: Recorded, system: Client) -> None:
    server.choose(phase="final")
    assert system.season().standings_hash == HASH
    assert system.season().next_change is None


def test_a_member_id_is_quoted_in_the_path(system: Client) -> None:
    with pytest.raises(Refused) as refused:
        system.member("车 b?c#d")
    assert "车 b?c#d" in str(refused.value.values["detail"])


def test_warming_tells_the_reason(server: Recorded, system: Client) -> None:
    server.choose(fault="warming")
    with pytest.raises(Warming) as warming:
        system.season()
    assert warming.value.values["reasons"] == "member shard 1 of 2 is restoring its snapshot"
    assert warming.value.values["retry_s"] == "2"


def test_another_service_is_told_apart(server: Recorded, system: Client) -> None:
    server.choose(fault="garbled")
    with pytest.raises(Unreadable) as odd:
        system.season()
    assert odd.value.values["path"] == "/v1/season"


@pytest.mark.parametrize(
    ("board", "member", "key"),
    [
        ("nowhere", "", "trouble.unknown_board"),
        ("overall", "nobody", "trouble.unknown_member"),
        ("drivers", member_id(120), "trouble.not_on_board"),
    ],
)
def test_not_found_says_what(system: Client, board: str, member: str, key: str) -> None:
    with pytest.raises(Refused) as refused:
        system.around(board, member, 3) if member else system.standings(board)
    assert refused.value.key == key


def test_a_wrong_key_is_refused(server: Recorded) -> None:
    stranger = Client(server.url, "no such key")
    with pytest.raises(Refused) as refused:
        stranger.season()
    assert refused.value.key == "trouble.no_key"
    stranger.close()


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = Client(f"http://127.0.0.1:{port}", "key")
    with pytest.raises(Unreachable) as silent:
        client.season()
    assert str(port) in str(silent.value.values["url"])
    client.close()


def test_a_silent_server_is_unreachable_within_the_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = Client(f"http://127.0.0.1:{listening.getsockname()[1]}", "key", timeout_s=0.2)
        with pytest.raises(Unreachable):
            client.season()
        client.close()
