import pytest
from redis.connection import SSLConnection, UnixDomainSocketConnection

from actors.store.client import _refuse_old, connect, without_password
from actors.store.errors import ServerUnsuitable


def test_urls_carry_tls_and_acl_user() -> None:
    pool = connect("rediss://till:p%40ss@db.example:6380/2").connection_pool
    assert pool.connection_class is SSLConnection
    told = pool.connection_kwargs
    assert (told["username"], told["password"], told["port"], told["db"]) == (
        "till",
        "p@ss",
        6380,
        2,
    )
    assert told["retry"].get_retries() == 0
    assert (
        connect("unix:///a%20b.sock").connection_pool.connection_class is UnixDomainSocketConnection
    )


@pytest.mark.parametrize("url", ["http://db.example", "db.example:6379", ""])
def test_another_kind_of_url_is_refused_with_the_way(url: str) -> None:
    with pytest.raises(ValueError, match="give redis://"):
        connect(url)


def test_a_refused_url_keeps_its_password_to_itself() -> None:
    with pytest.raises(ValueError, match="redis") as refused:
        connect("http://till:s3cret@db.example")
    assert "s3cret" not in str(refused.value)
    assert without_password("redis://:s3cret@h/0") == "redis://:…@h/0"
    assert without_password("redis://h:6379/0") == "redis://h:6379/0"


@pytest.mark.parametrize(
    "told",
    [
        {"redis_version": "6.2.14"},
        {"redis_version": "7.2.4", "valkey_version": "7.2.9"},
    ],
)
def test_old_servers_are_refused(told: dict[str, object]) -> None:
    with pytest.raises(ServerUnsuitable, match="is too old: use Redis ≥ 7 or Valkey ≥ 8"):
        _refuse_old(told)


@pytest.mark.parametrize(
    "told",
    [
        {"redis_version": "7.0.15"},
        {"redis_version": "8.2.0"},
        {"redis_version": "7.2.4", "valkey_version": "9.1.2"},
    ],
)
def test_current_servers_are_taken(told: dict[str, object]) -> None:
    _refuse_old(told)
