"""System: starts everything a live season needs, watches over it, and stops it cleanly."""

from __future__ import annotations

import hashlib
import logging
import pickle
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors import hosts
from actors.agreement import agreed_shards, first_season
from actors.certificates import check_pair, pinned, with_redis_ca
from actors.free_port import free_port
from actors.handles import NAMESPACE
from actors.log_lines import LogFormat
from actors.messages import BoardLayout
from actors.ray_start import start_ray
from actors.ray_token import is_loopback
from actors.server_watch import ServerWatch
from actors.settings import SNAPSHOT_EVENTS, STREAM_READERS, Settings
from actors.stages import Stages
from actors.store.api_keys import ApiKeys, Role
from actors.store.client import check_server, connect
from actors.store.folder import FolderLock, write_durably
from actors.store.server import EmbeddedServer
from rules.compiling.compiled import Rules, compile_rules
from rules.compiling.public_holidays import known_holidays
from rules.season.season_file import load_season
from rules.table.storage import FILE_FROM_ROWS

READY_WITHIN_S: Final = 300.0
DRAIN_WITHIN_S: Final = 10.0
STOP_WITHIN_S: Final = 60.0
LEFT_BEHIND_WITHIN_S: Final = 15.0
"""How long the actors of a killed system may go on serving its port; about four seconds."""

log = logging.getLogger(__name__)


class NotReady(Exception):  # noqa: N818  says what is wrong, as every error here
    """The system did not become ready in time."""


@dataclass(frozen=True)
class Wanted:
    """What the operator asked for."""

    season_text: str
    season_path: str
    data: Path
    redis_url: str | None = field(default=None, repr=False)
    ray_address: str | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    shards: int | None = None
    clock: str = "real"
    admin_key: str | None = field(default=None, repr=False)
    log_format: LogFormat = "plain"
    stream_readers: int = STREAM_READERS
    notify: tuple[str, ...] = ("file",)
    webhook_secret: str = field(default="", repr=False)
    rates: tuple[str, ...] = ()
    redis_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    snapshot_events: int = SNAPSHOT_EVENTS
    file_from_rows: int = FILE_FROM_ROWS
    simulator: str = ""


class System:
    """A live season: server, shards, rankings, keeper and gateway.

    start() returns once events are accepted; keeper and outbox, which end an idle season and send
    notices, come up behind it. stop() drains, snapshots and ends everything it started. Ray and the
    embedded server belong to it unless addresses of others were given.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._lock = FolderLock(wanted.data)
        self._server: EmbeddedServer | None = None
        self._watch: ServerWatch | None = None
        self._started_ray = False
        self.settings: Settings
        self.members: list[Any] = []
        self.rankings: list[Any] = []
        self.keeper: Any = None
        self.gateway: Any = None
        self._runs: list[Any] = []
        self.new_admin_key: str | None = None
        self.pages_key = ""
        self._stages = Stages()

    @property
    def url(self) -> str:
        """Give the gateway's address."""
        return self.settings.address

    @property
    def server(self) -> EmbeddedServer | None:
        """Give the embedded server, for fault tests; None with --redis-url."""
        return self._server

    def start(self) -> None:
        """Start everything; on any failure what was started is stopped again.

        Raises SeasonErrors, FolderInUse, FolderMismatch, StoreError, NotReady or OSError (port in
        use).
        """
        wanted = self._wanted
        rules = compile_rules(load_season(wanted.season_text, wanted.season_path))
        self._lock.acquire()
        try:
            self._start(rules)
        except BaseException:
            self.stop()
            raise

    def _start(self, rules: Rules) -> None:
        wanted = self._wanted
        check_pair(wanted.tls_cert, wanted.tls_key)
        if not is_loopback(wanted.host) and not wanted.tls_cert:
            log.warning(
                "--host %s: keys and personal data go over the network in clear; give --tls-cert "
                "and --tls-key, or put a proxy with TLS before it",
                wanted.host,
            )
        within_s = LEFT_BEHIND_WITHIN_S if self._lock.left_behind else 0.0
        port = free_port(wanted.host, wanted.port, within_s)
        text = wanted.season_text
        shards = agreed_shards(wanted.data, rules, text, wanted.clock, wanted.shards)
        given = self._redis_url()
        if given is None:
            self._server = EmbeddedServer(wanted.data / "server")
            url = self._server.url
        else:
            url = given
        self.settings = self._settings_of(rules, shards, url, port)
        # Our own server reads what it holds while Ray and the actors' processes start.
        with ThreadPoolExecutor(1, "store-opener") as beside:
            opened = beside.submit(self._open_store)
            if given is not None:
                opened.result()
            with self._stages.timed("Ray"):
                self._started_ray = start_ray(wanted.ray_address)
            if opened.done():
                opened.result()
            began_s = time.perf_counter()
            self._start_actors()
            keys = opened.result()
        for member in self.members:
            # Each reads what it holds now, not only when the gateway has come to ask for it.
            member.call.remote("status")
        self._wait_until_ready()
        self._stages.add("actors", time.perf_counter() - began_s)
        # Nobody waits for it: what is due meanwhile runs a moment later.
        self._start_keeper()
        spent = self._stages.totals().items()
        log.info("started: %s", ", ".join(f"{name} {took_s:.2f} s" for name, took_s in spent))
        # Not before: it is told once, and a start that fails on the way would never tell it.
        self.new_admin_key = keys.ensure_admin(wanted.admin_key, time.time_ns() // 1000)

    def _settings_of(self, rules: Rules, shards: int, url: str, port: int) -> Settings:
        """Put together what every actor is told, of the folder and of what was asked for."""
        wanted = self._wanted
        return Settings(
            season_path=str(wanted.data.resolve() / "season.toml"),
            season_digest=hashlib.sha256((wanted.data / "season.toml").read_bytes()).hexdigest(),
            data=str(wanted.data.resolve()),
            redis_url=url,
            shards=shards,
            clock=wanted.clock,
            host=wanted.host,
            port=port,
            log_format=wanted.log_format,
            stream_readers=wanted.stream_readers,
            notify=wanted.notify,
            webhook_secret=wanted.webhook_secret,
            rates=wanted.rates,
            tls_cert=str(wanted.tls_cert.resolve()) if wanted.tls_cert else "",
            tls_key=str(wanted.tls_key.resolve()) if wanted.tls_key else "",
            snapshot_events=wanted.snapshot_events,
            file_from_rows=wanted.file_from_rows,
            simulator=wanted.simulator,
            season=pickle.dumps(first_season(wanted.data, rules, wanted.season_text)),
            holidays=known_holidays(),
        )

    def _open_store(self) -> ApiKeys:
        """Start the embedded server if it is ours, check the store, make the keys it begins with.

        Actors that were there before it find no store, and ask again.
        """
        with self._stages.timed("server"):
            if self._server is not None:
                self._start_server(self._server)
            client = connect(self.settings.redis_url)
            for warning in check_server(client):
                log.warning("%s", warning)
            keys = ApiKeys(client)
            self._make_keys(keys)
        return keys

    def _redis_url(self) -> str | None:
        given = self._wanted.redis_url
        return with_redis_ca(given, self._wanted.redis_ca) if given else None

    def _start_server(self, server: EmbeddedServer) -> None:
        server.start()
        self._watch = ServerWatch(server)
        self._watch.start()

    def _make_keys(self, keys: ApiKeys) -> None:
        now_us = time.time_ns() // 1000
        if self._wanted.admin_key:
            keys.ensure_admin(self._wanted.admin_key, now_us)
        path = self._wanted.data / "pages.key"
        if path.exists():
            self.pages_key = path.read_text(encoding="ascii")
            if keys.verify(self.pages_key) is not None:
                return
        self.pages_key, _ = keys.create(Role.ANALYST, now_us, "pages of this system")
        write_durably(path, self.pages_key.encode())
        path.chmod(0o600)

    def _actor(self, host: Any, actor: str, *arguments: Any, place: Any = "SPREAD") -> Any:
        """Have an actor made under its name."""
        name = self.settings.name(actor)
        options = {"name": name, "namespace": NAMESPACE, "scheduling_strategy": place}
        limits = {"max_pending_calls": hosts.PENDING_CALLS_MAX}
        return host.options(**options, **limits).remote(self.settings, *arguments)

    def _start_actors(self) -> None:
        numbers = range(self.settings.shards)
        # Its address is one of this machine's.
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        # Ray starts few processes at a time: those first that have most to do until events are
        # accepted.
        self.gateway = self._actor(hosts.GatewayHost, "gateway", place=here)
        self.members = [self._actor(hosts.MemberShardHost, f"member-{p}", p) for p in numbers]
        boards = BoardLayout.of(self.settings.rules)
        self.rankings = [
            self._actor(hosts.RankingShardHost, f"ranking-{p}", p, boards) for p in numbers
        ]
        self._keep_running(self.gateway)

    def _start_keeper(self) -> None:
        self.keeper = self._actor(hosts.KeeperHost, "keeper")
        self._keep_running(self.keeper)

    def _keep_running(self, actor: Any) -> None:
        """Have an actor run for as long as the system; Ray runs it again after its process died."""
        self._runs.append(actor.run.options(max_task_retries=-1).remote())

    def _wait_until_ready(self) -> None:
        ends_s = time.monotonic() + READY_WITHIN_S
        told = "no answer"
        with httpx.Client(
            base_url=self.url,
            timeout=2.0,
            trust_env=False,
            verify=self._own_certificate(),
        ) as client:
            while time.monotonic() < ends_s:
                done, _ = ray.wait(self._runs, timeout=0, num_returns=1)
                if done:
                    raise NotReady(f"the gateway ended: {_last_words(done[0])}")
                try:
                    answer = client.get("/readyz")
                except httpx.HTTPError as error:
                    told = str(error)
                else:
                    if answer.status_code == httpx.codes.OK:
                        if self._boards_are_there(ends_s):
                            return
                        told = "a ranking shard has no standings"
                    else:
                        told = answer.text
                time.sleep(0.05)
        raise NotReady(f"not ready within {READY_WITHIN_S:.0f} s: {told}")

    def _boards_are_there(self, ends_s: float) -> bool:
        """Tell whether every ranking shard was told its standings: a start is over with that.

        The gateway's own readiness leaves them out: events go on while a board is rebuilt.
        """
        asked = [ranking.has_standings.remote() for ranking in self.rankings]
        try:
            return all(ray.get(asked, timeout=max(0.0, ends_s - time.monotonic())))
        except ray.exceptions.RayError:
            return False

    def _own_certificate(self) -> ssl.SSLContext | bool:
        """Trust the certificate we serve with, under whatever name: only to ask for readiness."""
        if not self.settings.tls_cert:
            return True
        return pinned(Path(self.settings.tls_cert))

    def stop(self) -> None:
        """Take nothing more, answer what was taken, snapshot, and end everything."""
        if ray.is_initialized():
            self._stop_actors()
        if self._started_ray:
            ray.shutdown()
            self._started_ray = False
        if self._watch is not None:
            self._watch.stop()
        if self._server is not None:
            self._server.stop()
        self._lock.release()

    def _stop_actors(self) -> None:
        steps = [
            [] if self.gateway is None else [self.gateway.stop.remote(DRAIN_WITHIN_S)],
            [] if self.keeper is None else [self.keeper.stop.remote()],
            self._runs,
            [member.call.remote("stop") for member in self.members],
            [ranking.stop.remote() for ranking in self.rankings],
        ]
        for step in steps:
            for reference in step:
                try:
                    ray.get(reference, timeout=STOP_WITHIN_S)
                except ray.exceptions.RayError as error:
                    log.warning("an actor did not stop cleanly: %s", str(error).splitlines()[-1])
        for actor in (self.gateway, self.keeper, *self.members, *self.rankings):
            if actor is not None:
                ray.kill(actor, no_restart=True)
        self.gateway = self.keeper = None
        self._runs = []
        self.members, self.rankings = [], []


def _last_words(run: Any) -> str:
    """Give the end of what an actor that ended has to say."""
    try:
        ray.get(run)
    except Exception as error:  # Ray raises what it can't read back as other classes too
        lines = [line for line in str(error).splitlines() if line.strip()]
        return " ".join(lines[-3:])
    return "without a word; see the logs in the data folder"
