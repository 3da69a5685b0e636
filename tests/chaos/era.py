"""Era: a system from its first start to its final standings, under load and faults."""

import json
import math
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from loadtests.served import program
from tests.chaos.checks import check_answers, check_repeats, check_state
from tests.chaos.drawing import Drawing, World
from tests.chaos.faults import Faults
from tests.chaos.judging import Judges
from tests.chaos.store import LinedStore, OwnStore, Store
from tests.chaos.summary import Summary
from tests.chaos.system import SystemUnderTest
from tests.chaos.tills import Ledger, Sender, Till

TILLS = 5
TILL_PAUSE_S = 0.01
LOAD_S = 1.2
EVENT_STEP_S = 15.0
SNAPSHOT_EVENTS = 1_500
FILE_FROM_ROWS = 64
RECOVER_WITHIN_S = 120.0
QUIET_WITHIN_S = 150.0
FACTS_EVERY = 20


@dataclass(frozen=True)
class Era:
    """What an era is: how many rounds, shards, and whose store.

    An era of a given length ends with the first round after that, though rounds are left.
    """

    number: int
    rounds: int
    shards: int
    lined: bool
    seed: int
    tmpfs: bool
    faults_a_round: int = 3
    lasts_s: float = math.inf
    filed: bool = False
    """Whether what shards keep of events lies in files from the first rows on."""


class Running:
    """An era's system, its tills, and what is known of it."""

    def __init__(self, era: Era, home: Path, summary: Summary) -> None:
        self.era = era
        self.summary = summary
        self.ledger = Ledger()
        self.judges = Judges(era.shards)
        lined = LinedStore(home) if era.lined else None
        self.system = SystemUnderTest(
            home,
            shards=era.shards,
            snapshot_events=SNAPSHOT_EVENTS,
            file_from_rows=FILE_FROM_ROWS if era.filed else None,
            redis_url=lined.url if lined is not None else None,
        )
        self.store: Store = lined or OwnStore(self.system.data)
        self._random = random.Random(f"{era.seed} {era.number}")
        self._faults = Faults(self.system, self.store, self._random, era.tmpfs)
        self._world = World(EVENT_STEP_S)
        self._probes = 0
        self._keys: list[str] = []
        self._repeating = Sender(self.system.url, self.system.key, self.ledger)

    def start(self) -> None:
        """Start the system and give each till a key of its own: keys take turns."""
        self.system.start()
        self._keys = [self.system.made_key() for _ in range(TILLS)]

    def round(self, number: int) -> None:
        """Load, hurt, await recovery, and see that nothing acknowledged is lost."""
        tills = [self._till(number, till) for till in range(TILLS)]
        for till in tills:
            till.start()
        happened = self._hurt()
        lifted_s = time.monotonic()
        self._recover(lifted_s, ", ".join(happened))
        time.sleep(0.2)
        for till in tills:
            till.stop()
        for till in tills:
            till.join(QUIET_WITHIN_S)
            if till.is_alive():
                self.ledger.fault(f"a till still waits {QUIET_WITHIN_S:.0f} s after round {number}")
        fresh = self.ledger.take_fresh()
        self.summary.lost += check_repeats(self._repeating, self.ledger, fresh)
        self.summary.acknowledged += len(fresh)
        self.summary.rounds += 1

    def check(self) -> None:
        """Compare everything with the oracle and the kernel over the system's own log."""
        with self.store.client() as client:
            self.summary.compared += check_state(self.system, client, self.judges, self.ledger)

    def finish(self, season: Path) -> None:
        """End the season, stop, and hold the final hash to a replay of the archive."""
        lost, doubled = check_answers(self.ledger, self.judges)
        everything = list(self.ledger.known)
        lost += check_repeats(self._repeating, self.ledger, everything)
        summary = self.summary
        summary.lost += lost
        summary.doubled += doubled
        summary.judged_events += self.judges.judged.events
        final_hash = self._finalise()
        summary.snapshots += len(list((self.system.data / "archive").rglob("*.parquet")))
        self.system.stop()
        again = replayed_hash(season, self.system.data / "archive")
        summary.hashes.append(final_hash)
        if again != final_hash:
            self.ledger.fault(f"final hash {final_hash}, replayed from the archive {again}")

    def close(self) -> None:
        """Add up and end everything."""
        self._repeating.close()
        try:
            self.system.stop()
        finally:
            self.store.close()
            self.summary.starts += self.system.starts
            self.summary.statuses += self.ledger.statuses
            self.summary.http += self.ledger.http
            self.summary.faults += self.ledger.faults

    def _till(self, number: int, till: int) -> Till:
        sender = Sender(self.system.url, self._keys[till], self.ledger)
        seed = f"{self.era.seed} {self.era.number} {number} {till}"
        return Till(sender, Drawing(self._world, seed), self._world, TILL_PAUSE_S)

    def _hurt(self) -> list[str]:
        """Let one to three faults happen at random moments, some of them together."""
        happened: list[str] = []
        running = []
        for _ in range(self._random.randint(1, self.era.faults_a_round)):
            time.sleep(self._random.uniform(0.1, LOAD_S))
            kind = self._faults.draw()
            thread = threading.Thread(target=self._happen, args=(kind, happened), daemon=True)
            thread.start()
            running.append(thread)
            if self._random.random() < 0.6:
                thread.join()
        for thread in running:
            thread.join()
        return happened

    def _happen(self, kind: str, happened: list[str]) -> None:
        words = self._faults.happen(kind)
        if words:
            happened.append(words)
            self.summary.hits[kind] += 1
        else:
            self.summary.missed[kind] += 1

    def _recover(self, lifted_s: float, after: str) -> None:
        """Wait until it is ready, takes an event, and shows standings that count it."""
        ends_s = lifted_s + RECOVER_WITHIN_S
        self.system.await_ready(RECOVER_WITHIN_S)
        self._probes += 1
        probe = {
            "event_id": f"probe-{self._probes}",
            "type": "share",
            "member": f"probe-{self._probes}",
            "at": self._world.next_place()[1].isoformat(),
        }
        self._repeating.send([probe])
        while not self._shows():
            if time.monotonic() > ends_s:
                self.ledger.fault(f"no standings {RECOVER_WITHIN_S:.0f} s after {after}")
                break
            time.sleep(0.02)
        self.summary.recoveries_s.append((time.monotonic() - lifted_s, after))

    def _shows(self) -> bool:
        headers = {"Authorization": f"Bearer {self.system.key}"}
        url = f"{self.system.url}/v1/standings/overall?limit=10"
        try:
            answer = httpx.get(url, headers=headers, timeout=5.0, trust_env=False)
        except httpx.HTTPError:
            return False
        if answer.status_code not in (httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE):
            self.ledger.fault(f"standings answered {answer.status_code}: {answer.text[:300]}")
        return answer.status_code == httpx.codes.OK

    def _finalise(self) -> str:
        answer = httpx.post(
            f"{self.system.url}/v1/season/finalise",
            headers={"Authorization": f"Bearer {self.system.key}"},
            timeout=120.0,
            trust_env=False,
        )
        if answer.status_code != httpx.codes.OK:
            self.ledger.fault(f"finalise answered {answer.status_code}: {answer.text[:300]}")
            return ""
        return str(answer.json()["standings_hash"])


def replayed_hash(season: Path, archive: Path) -> str:
    """Replay an archive with the command line and give the final hash."""
    out = archive.with_name("replayed")
    files = sorted(str(path) for path in archive.rglob("*.parquet"))
    done = subprocess.run(
        [program(), "replay", str(season), *files, "--out", str(out), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return f"replay failed: {done.stderr[-400:]}"
    return str(json.loads(done.stdout.splitlines()[-1])["standings_hash"])


def run_era(era: Era, home: Path, summary: Summary) -> None:
    """Run one era to its end; what must not be is in the summary."""
    running = Running(era, home, summary)
    began_s = time.monotonic()
    try:
        running.start()
        ends_s = time.monotonic() + era.lasts_s
        for number in range(1, era.rounds + 1):
            running.round(number)
            last = number == era.rounds or time.monotonic() >= ends_s
            recovered_s, after = running.summary.recoveries_s[-1]
            took_s = time.monotonic() - began_s
            print(
                f"{took_s:6.1f} s, era {era.number}, round {number}: recovered in "
                f"{recovered_s:.1f} s after {after or 'nothing'}",
                file=sys.stderr,
                flush=True,
            )
            if number % FACTS_EVERY == 0 or last:
                running.check()
            if last:
                break
        running.finish(home / "season.toml")
    except Exception as error:  # the run ends, and the summary says why
        running.ledger.fault(f"{type(error).__name__}: {error}")
    finally:
        summary.took_s += time.monotonic() - began_s
        running.close()
