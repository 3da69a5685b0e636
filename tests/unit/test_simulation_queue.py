"""Simulations wait for one another, end, and go on after a restart; without Ray."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from actors.gateway.simulation_queue import KEPT_MAX, WAITING_MAX, QueueFull, SimulationQueue
from actors.simulation_work import NICENESS, Teller, Told, work
from actors.simulations import FILES, Failure, Progress, Simulation, SimulationShelf
from rules.wording.both_languages import SaidInBoth


def asked(number: int) -> Simulation:
    return Simulation(
        f"{number:012x}", "simulate", "summer", ("summer",), "CNY", 100, 2, 1, asked_us=number
    )


class Ended:
    """Work that ends when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cancelled = False
        self.reason: asyncio.Future[Failure | None] = asyncio.get_running_loop().create_future()

    async def ended(self) -> Failure | None:
        return await asyncio.shield(self.reason)

    def cancel(self) -> None:
        self.cancelled = True
        if not self.reason.done():
            self.reason.set_result(Failure("its process ended", "它的进程中断了"))


class Run:
    """A queue on a folder, and the work it started."""

    def __init__(self, data: Path) -> None:
        self.started: list[Ended] = []
        self.queue = SimulationQueue(SimulationShelf(data), self._start, lambda: 7)
        self.task = asyncio.create_task(self.queue.run())

    def _start(self, folder: Path) -> Ended:
        self.started.append(Ended(folder))
        return self.started[-1]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not true():
                await asyncio.sleep(0.005)

    def states(self) -> list[str]:
        return [one.state for one in reversed(self.queue.listed())]

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def played(test: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await test()

    asyncio.run(whole())


def test_one_runs_at_a_time_in_the_order_asked(tmp_path: Path) -> None:
    async def test() -> None:
        run = Run(tmp_path)
        for number in (1, 2, 3):
            await run.queue.add(asked(number), {"season": f"text {number}"})
        await run.until(lambda: len(run.started) == 1)
        assert run.states() == ["running", "queued", "queued"]
        third = run.queue.get(asked(3).id)
        assert third is not None
        assert run.queue.ahead(third) == 2
        assert (run.started[0].folder / "season.toml").read_text() == "text 1"
        run.started[0].reason.set_result(None)
        await run.until(lambda: len(run.started) == 2)
        run.started[1].reason.set_result(Failure("no fuel is sold", "没有油品"))
        await run.until(lambda: len(run.started) == 3)
        assert run.states() == ["done", "failed", "running"]
        kept = SimulationShelf(tmp_path).load()[:2]
        assert [(one.reason, one.reason_zh) for one in kept] == [
            ("", ""),
            ("no fuel is sold", "没有油品"),
        ]
        await run.stop()

    played(test)


def test_what_waits_or_runs_is_cancelled_and_what_is_over_is_removed(tmp_path: Path) -> None:
    async def test() -> None:
        run = Run(tmp_path)
        for number in (1, 2):
            await run.queue.add(asked(number), {})
        await run.until(lambda: len(run.started) == 1)
        for number in (2, 1):
            one = run.queue.get(asked(number).id)
            assert one is not None
            left = await run.queue.cancel(one)
            assert left is not None
            assert left.state == "cancelled"
        assert run.started[0].cancelled
        await run.queue.add(asked(3), {})
        await run.until(lambda: len(run.started) == 2)
        assert run.states() == ["cancelled", "cancelled", "running"]
        assert await run.queue.cancel(run.queue.listed()[-1]) is None
        assert [one.id for one in SimulationShelf(tmp_path).load()] == [asked(2).id, asked(3).id]
        await run.stop()

    played(test)


def test_after_a_restart_what_waited_waits_and_what_ran_begins_again_once(tmp_path: Path) -> None:
    async def test() -> None:
        first = Run(tmp_path)
        for number in (1, 2):
            await first.queue.add(asked(number), {})
        await first.until(lambda: len(first.started) == 1)
        await first.stop()
        assert first.started[0].cancelled, "its process doesn't outlive the system"
        assert [one.state for one in SimulationShelf(tmp_path).load()] == ["running", "queued"]
        second = Run(tmp_path)
        await second.until(lambda: len(second.started) == 1)
        assert second.started[0].folder.name == asked(1).id
        await second.stop()
        third = Run(tmp_path)
        await third.until(lambda: len(third.started) == 1)
        assert third.started[0].folder.name == asked(2).id
        assert third.states() == ["failed", "running"]
        assert "ended 2 times" in third.queue.listed()[-1].reason
        await third.stop()

    played(test)


def test_only_so_many_wait_and_only_so_many_are_kept(tmp_path: Path) -> None:
    async def test() -> None:
        run = Run(tmp_path)
        for number in range(KEPT_MAX + 4):
            await run.queue.add(asked(number), {})
            await run.until(lambda number=number: len(run.started) == number + 1)  # type: ignore[misc]  # mypy can't tell a default's type
            run.started[number].reason.set_result(None)
            await run.until(lambda: run.states()[-1] == "done")
        assert len(run.queue.listed()) == KEPT_MAX + 1
        for number in range(100, 101 + WAITING_MAX):
            await run.queue.add(asked(number), {})
            await run.until(lambda: "running" in run.states())
        with pytest.raises(QueueFull):
            await run.queue.add(asked(200), {})
        assert len(SimulationShelf(tmp_path).load()) == len(run.queue.listed())
        await run.stop()

    played(test)


def test_a_folder_half_made_is_dropped(tmp_path: Path) -> None:
    shelf = SimulationShelf(tmp_path)
    shelf.add(asked(1), {"season": "a = 1"})
    (shelf.folder / "half").mkdir()
    (shelf.folder / "half" / "season.toml").write_text("a = 1")
    assert [one.id for one in shelf.load()] == [asked(1).id]
    assert not (shelf.folder / "half").exists()
    (shelf.path(asked(1).id) / FILES).mkdir()
    assert shelf.file(asked(1).id, "../asked.json") is None


def writes(asked: Simulation, texts: Path, out: Path, told: Told, live: object) -> None:
    told(1, 2, "days")
    assert live is None, "nothing runs beside it here"
    said = f"{asked.members} {(texts / 'season.toml').read_text()} {os.getpriority(0, 0)}"
    (out / "said.json").write_text(said)


def refuses(asked: Simulation, *_: object) -> None:
    raise ValueError(f"{asked.season}: no fuel is sold")


def explains(*_: object) -> None:
    raise SaidInBoth("no fuel is sold", "没有油品")


def breaks(*_: object) -> None:
    raise KeyError("no such tier")


def test_work_writes_files_at_the_lowest_priority(tmp_path: Path) -> None:
    shelf = SimulationShelf(tmp_path)
    shelf.add(asked(1), {"season": "text"})
    folder = shelf.path(asked(1).id)
    # In a process of its own: priority isn't taken back.
    code = (
        "import sys; from pathlib import Path; from actors.simulation_work import work; "
        "print(work(sys.argv[1], Path(sys.argv[2])))"
    )
    entry = "tests.unit.test_simulation_queue:writes"
    args = [sys.executable, "-c", code, entry, str(folder)]
    root = Path(__file__).parents[2]
    done = subprocess.run(args, check=True, capture_output=True, text=True, cwd=root)
    assert done.stdout == "None\n"
    assert shelf.file(asked(1).id, "said.json") == f"100 text {NICENESS}".encode()
    assert shelf.progress(asked(1).id) == Progress(1, 2, "days")


@pytest.mark.parametrize(
    ("entry", "reason", "reason_zh"),
    [
        ("tests.unit.test_simulation_queue:refuses", "summer: no fuel is sold", "所要求的无法完成"),
        ("tests.unit.test_simulation_queue:explains", "no fuel is sold", "没有油品"),
        (
            "tests.unit.test_simulation_queue:breaks",
            "KeyError: 'no such tier'",
            "模拟程序出错：KeyError",
        ),
        (
            "no_such_package:simulate",
            "simulator = 'no_such_package:simulate': can't be imported",
            "无法",
        ),
    ],
)
def test_what_fails_says_why(
    entry: str, reason: str, reason_zh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.simulation_work.give_way", lambda: None)
    shelf = SimulationShelf(tmp_path)
    shelf.add(asked(1), {})
    failure = work(entry, shelf.path(asked(1).id))
    assert failure is not None
    assert failure.en.startswith(reason)
    assert reason_zh in failure.zh


def test_progress_is_told_a_few_times_a_second_and_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    tell = Teller(path)
    written = set()
    for done in range(1, 2001):
        tell(done, 2000, "days")
        written.add(path.read_bytes())
    assert len(written) < 200
    assert path.read_bytes() == b'{"done":2000,"total":2000,"what":"days"}'
