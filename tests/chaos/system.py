"""The system under test: `forecourt serve` as a process, and the processes of its parts."""

import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx

from loadtests.served import program
from tests.chaos.season import SEASON

READY_WITHIN_S = 120.0
STOP_WITHIN_S = 90.0
PARTS = ("gateway", "member", "ranking", "keeper")


class NotServing(Exception):  # noqa: N818  named for what happened
    """The system is not ready in time, or did not stop; its last lines say why."""


class SystemUnderTest:
    """A served season on a data folder and a port of its own; it may be killed and started again.

    Its parts are found by the log file each of them writes into the data folder.
    """

    def __init__(
        self,
        home: Path,
        *,
        shards: int,
        snapshot_events: int,
        file_from_rows: int | None = None,
        redis_url: str | None = None,
        ray_address: str | None = None,
    ) -> None:
        self.data = home / "data"
        self.key = secrets.token_urlsafe(24)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.shards = shards
        self.starts = 0
        self._home = home
        self._options = ["--shards", str(shards), "--snapshot-events", str(snapshot_events)]
        if file_from_rows is not None:
            self._options += ["--file-from-rows", str(file_from_rows)]
        if redis_url is not None:
            self._options += ["--redis-url", redis_url]
        if ray_address is not None:
            self._options += ["--ray-address", ray_address]
        self._process: subprocess.Popen[bytes] | None = None
        self._keeping = threading.Event()
        self._watch: threading.Thread | None = None
        home.mkdir(parents=True, exist_ok=True)
        (home / "season.toml").write_text(SEASON, encoding="utf-8")

    def start(self) -> None:
        """Start it and whatever dies of it again, as a service manager does."""
        self._launch()
        self.await_ready()
        self._watch = threading.Thread(target=self._keep, daemon=True)
        self._watch.start()

    def await_ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Wait until it says that events and reads are served."""
        ends_s = time.monotonic() + within_s
        while not self.is_ready():
            if self._watch is None and self.pid_of("driver") is None:
                raise NotServing(f"it ended at its first start:\n{self.last_lines()}")
            if time.monotonic() > ends_s:
                raise NotServing(f"not ready within {within_s:.0f} s:\n{self.last_lines()}")
            time.sleep(0.05)

    def made_key(self) -> str:
        """Make a till's key."""
        answer = httpx.post(
            f"{self.url}/v1/keys",
            headers={"Authorization": f"Bearer {self.key}"},
            json={"role": "till"},
            timeout=30.0,
            trust_env=False,
        )
        return str(answer.raise_for_status().json()["key"])

    def is_ready(self) -> bool:
        """Ask whether events and reads are served."""
        try:
            answer = httpx.get(f"{self.url}/readyz", timeout=2.0, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK

    def pid_of(self, part: str) -> int | None:
        """Find a part's process: `driver`, `store`, or `member-0` and the like; None when gone."""
        if part == "driver":
            alive = self._process is not None and self._process.poll() is None
            return self._process.pid if self._process is not None and alive else None
        if part == "store":
            return self.store_pid()
        log = str(self.data.resolve() / "logs" / f"{part}.log")
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if any(str(one.readlink()) == log for one in (process / "fd").iterdir()):
                    return int(process.name)
        return None

    def store_pid(self) -> int | None:
        """Find the embedded server's process; None when it is gone."""
        try:
            pid = int((self.data / "server" / "server.pid").read_text(encoding="ascii"))
            name = Path(f"/proc/{pid}/exe").readlink().name
        except (OSError, ValueError):
            return None
        return pid if "valkey" in name or "redis" in name else None

    def actors(self) -> list[str]:
        """Name the parts that are actors."""
        numbered = [f"{part}-{number}" for part in ("member", "ranking")
                    for number in range(self.shards)]  # fmt: skip
        return ["gateway", "keeper", *numbered]

    def stop(self) -> None:
        """Stop it cleanly: everything taken is answered, snapshots and archive are written."""
        self._keeping.set()
        if self._watch is not None:
            self._watch.join()
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise NotServing(
                f"did not stop within {STOP_WITHIN_S:.0f} s:\n{self.last_lines()}"
            ) from None
        finally:
            self._process = None

    def last_lines(self) -> str:
        """Give the end of what it wrote."""
        text = (self._home / "serve.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-15:])

    def _launch(self) -> None:
        command = [program(), "serve", str(self._home / "season.toml"), "--data", str(self.data)]
        command += ["--port", str(self.port), "--no-ui", "--clock", "events", *self._options]
        self.starts += 1
        with (self._home / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"FORECOURT_ADMIN_KEY": self.key},
                start_new_session=True,
            )

    def _keep(self) -> None:
        while not self._keeping.wait(0.1):
            assert self._process is not None
            if self._process.poll() is not None:
                self._launch()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
