"""Calibrate: a population fitted to a log, the running season's own or one that was uploaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rules.wording.both_languages import SaidInBoth

if TYPE_CHECKING:
    from actors.running_season import RunningSeason
    from actors.simulation_work import Told
    from actors.simulations import Simulation
    from rules.decoding.event_columns import Decoded
    from rules.season.season_models import Season
    from simulator.people.population import Population

POPULATION: Final = "population.toml"
STEPS: Final = ("read", "fit", "validate", "hold")
DAYS_MAX: Final = 1_000


def calibrate_to(
    asked: Simulation, season: Season, template: Population, texts: Path,
    live: RunningSeason | None, out: Path, told: Told,
) -> None:  # fmt: skip
    """Fit a population, hold it against the log and against weeks held out; write all of it.

    Raises:
        ValueError: the log can't be read, or too little is in it.
    """
    from simulator.fit.calibration import calibrate, holidays_of
    from simulator.fit.calibration_report import calibration_page, calibration_summary
    from simulator.fit.observed import NothingToFit, observe
    from simulator.fit.validation import hold_out, judge

    def step(nth: int) -> None:
        told(nth, len(STEPS), STEPS[nth])

    membership, kind = asked.members_are, season.members.default_kind
    is_holiday = holidays_of(season.holidays.calendar if season.holidays else None)
    step(0)
    observed = observe(_batches(asked, texts, live), season.programme.timezone)
    step(1)
    fitted = calibrate(
        observed, template, default_kind=kind, is_holiday=is_holiday, membership=membership
    )
    step(2)
    days = min(observed.days, DAYS_MAX)
    whole = judge(observed, fitted, days, days, is_holiday=is_holiday, seed=asked.seed)
    step(3)
    held, why = None, {"none_held_out": "", "none_held_out_zh": ""}
    try:
        held = hold_out(
            observed, template, default_kind=kind, is_holiday=is_holiday, membership=membership,
            seed=asked.seed,
        )  # fmt: skip
    except NothingToFit as error:
        why = {"none_held_out": str(error), "none_held_out_zh": error.zh}
    (out / POPULATION).write_text(fitted.text, encoding="utf-8")
    page = calibration_page(observed, fitted, whole, held)
    (out / "report.html").write_text(page, encoding="utf-8")
    summary: dict[str, Any] = calibration_summary(observed, fitted, whole, held)
    text = json.dumps(summary | why, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")


def _batches(asked: Simulation, texts: Path, live: RunningSeason | None) -> Iterator[Decoded]:
    """Read the log that was uploaded, else what the season beside it was sent."""
    from rules.decoding.event_columns import UnreadableBody
    from simulator.fit.observed import any_names
    from simulator.log.log_files import LogProblem
    from simulator.log.logs import read_log
    from simulator.log.mapping import MissingColumn
    from simulator.log.mapping_file import MappingErrors, load_mapping

    if not asked.log:
        yield from _of_season(live)
        return
    mapping, path = None, texts / "mapping.toml"
    try:
        if path.exists():
            mapping = load_mapping(path)
            if mapping.join:
                raise SaidInBoth(
                    "join: files beside the log aren't taken here; use `forecourt calibrate`",
                    "join：这里不接受日志之外的文件；请用命令 forecourt calibrate",
                )
        yield from read_log([str(texts / asked.log)], mapping, any_names())
    except (LogProblem, MissingColumn, UnreadableBody, MappingErrors) as error:
        # The folder is the system's own: who uploaded the file knows it by its name.
        said = str(error).replace(f"{texts}/", "")
        raise SaidInBoth(said, f"上传的日志或列映射读不了：{said}") from None


def _of_season(live: RunningSeason | None) -> Iterator[Decoded]:
    import numpy as np

    from actors.store.log import Entry
    from rules.decoding.event_columns import COLUMNS, Decoded

    if live is None:
        raise SaidInBoth(
            "no season runs here: ask a running system, or give a log",
            "这里没有正在进行的赛季：请连接运行中的系统，或上传日志",
        )
    for item in live.history():
        if not isinstance(item, Entry):
            rows = item.num_rows
            yield Decoded(item.select(COLUMNS.names), np.arange(rows, dtype=np.int64), [], rows)
