"""The parts of the doors that need no server."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from actors.certificates import check_pair, pinned, with_redis_ca
from actors.gateway import member_tokens
from actors.gateway.counted import LINES_MAX, MANY, Counted, Line
from actors.gateway.member_tokens import CLOCKS_APART_S, read_token, sign_token
from actors.gateway.problems import Problem
from actors.gateway.rates import Rates, parse_rate, role_rates
from actors.ray_token import need_ray_token
from actors.settings import Settings
from actors.store.audit import Act
from actors.store.errors import StoreError
from actors.system import System, Wanted
from tests.integration.certificate_files import make_certificate
from tests.integration.live_fixtures import SEASON

NOW_S = 1_790_000_000


def test_a_token_is_good_until_clocks_can_no_longer_differ_so_far() -> None:
    token = sign_token("m-1", "secret", NOW_S)
    assert read_token(token, "secret", NOW_S + CLOCKS_APART_S) == "m-1"
    with pytest.raises(Problem, match="expired at 2026-09-21T") as told:
        read_token(token, "secret", NOW_S + CLOCKS_APART_S + 1)
    assert (told.value.status, told.value.kind) == (401, "token-expired")


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "bS0x.-5.x", "bS0x.9e9.x", f"bS0x.{10**30}.x", "王.1.x"]
)
def test_a_token_of_another_form_is_told_the_form(token: str) -> None:
    with pytest.raises(Problem, match=r"not of the form NAME\.EXPIRES\.SIGNATURE"):
        read_token(token, "secret", NOW_S)


def test_a_changed_token_is_not_believed() -> None:
    token = sign_token("m-1", "secret", NOW_S)
    for other in (sign_token("m-2", "secret", NOW_S), sign_token("m-1", "secret", NOW_S + 1)):
        head, _, _ = other.rpartition(".")
        with pytest.raises(Problem, match="not signed with the member secret"):
            read_token(f"{head}.{token.rpartition('.')[2]}", "secret", NOW_S)
    with pytest.raises(Problem, match="not signed"):
        member_tokens.read_company_token(
            "company." + sign_token("c", "secret", NOW_S), "secret", NOW_S
        )


@pytest.mark.parametrize("rate", ["", "5", "often", "0/second", "-1/second", "5/fortnight",
                                  "100001/second", "1/2 day", "9/99999 day"])  # fmt: skip
def test_a_rate_of_another_form_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse_rate(rate)


def test_rates_are_told_by_role() -> None:
    assert role_rates(["till=5/second", "refused=1/hour"])["refused"] == "1/hour"
    with pytest.raises(ValueError, match="must be ROLE=RATE"):
        role_rates(["boss=5/second"])


def test_a_network_of_ipv6_counts_as_one_sender() -> None:
    rates = Rates(role_rates(["refused=2/hour"]))
    for host in range(2):
        rates.check_address("2001:db8::1")
        rates.count_refused(f"2001:db8::{host}")
    with pytest.raises(Problem) as told:
        rates.check_address("2001:db8::ffff")
    assert told.value.status == 429
    rates.check_address("2001:db8:0:1::1")


def test_the_trail_takes_a_hundred_lines_a_window_however_many_come() -> None:
    written: list[Act] = []

    async def run() -> None:
        counted = Counted(written.append)
        for number in range(5 * LINES_MAX):
            counted.add(Line("k", "till", "refused.x", f"GET /{number}", "refused"), "192.0.2.1")
        await counted.flush()

    asyncio.run(run())
    assert len(written) <= LINES_MAX + 2
    assert sum(act.detail["times"] for act in written) == 5 * LINES_MAX
    assert {act.thing for act in written} >= {MANY, "GET /0"}


def test_files_that_https_cannot_be_served_with_are_named(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    other, _ = make_certificate(tmp_path, "other")
    check_pair(certificate, key)
    check_pair(None, None)
    for pair in ((certificate, None), (None, key), (other, key), (key, certificate)):
        with pytest.raises(ValueError, match="--tls-"):
            check_pair(*pair)
    assert not pinned(certificate).check_hostname
    with pytest.raises(ValueError, match="holds no certificate"):
        pinned(key)


def test_the_authority_of_redis_goes_into_its_url() -> None:
    found = with_redis_ca("rediss://u:p@db:6380/0?ssl_check_hostname=true", Path("/a b.pem"))
    assert found.endswith("?ssl_check_hostname=true&ssl_ca_certs=%2Fa%20b.pem")
    with pytest.raises(ValueError, match="rediss://"):
        with_redis_ca("redis://db", Path("/ca.pem"))


def test_a_ray_cluster_beyond_this_machine_takes_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for address in ("auto", "local", "127.0.0.1:6379", "ray://localhost:10001", "[::1]:6379"):
        need_ray_token(address)
    with pytest.raises(ValueError, match=r"no token of that cluster.*ray get-auth-token"):
        need_ray_token("192.0.2.7:6379")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    need_ray_token("192.0.2.7:6379")
    monkeypatch.delenv("RAY_AUTH_MODE")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "t" * 64)
    with pytest.raises(ValueError, match="Ray was loaded without"):
        need_ray_token("192.0.2.7:6379")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    need_ray_token("192.0.2.7:6379")


def test_settings_tell_no_secret() -> None:
    url = "rediss://till:s3cret-url@db:6380/0"
    settings = Settings(
        "season.toml", "", "data", url, 1, "real", "127.0.0.1", 8080, webhook_secret="s3cret-hook"
    )
    wanted = Wanted("", "season.toml", Path("data"), url, admin_key="s3cret-admin-key")
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in repr(wanted)


def test_listening_beyond_loopback_without_tls_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The store can't be reached, so the start ends right after."""
    nowhere = f"redis://forecourt:s3cret-word@127.0.0.1:{closed_port()}/0"

    def start(**options: Any) -> str:
        caplog.clear()
        wanted = Wanted(SEASON, "s.toml", tmp_path / "data", nowhere, port=0, **options)
        with pytest.raises(StoreError) as told:
            System(wanted).start()
        assert "s3cret-word" not in str(told.value) + caplog.text
        return caplog.text

    assert "keys and personal data go over the network in clear" in start(host="0.0.0.0")
    certificate, key = make_certificate(tmp_path)
    assert "in clear" not in start(host="0.0.0.0", tls_cert=certificate, tls_key=key)
    assert "in clear" not in start()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
