import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.play.run_result import FIGURES, result_hash
from simulator.play.seeds import Job, run_jobs
from simulator.report.simulation_files import KEYS, over_runs, write_simulation
from simulator.report.spread import STATISTICS
from tests.unit.simulated import MEMBERS, population, rules_of, run_of


def test_summary_and_tables_are_written_over_all_runs(tmp_path: Path) -> None:
    runs = [run_of(), run_of(seed=4)]
    told = write_simulation(tmp_path, runs, MEMBERS, population())
    assert told == json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert told["members"] == MEMBERS
    assert all(set(told[name]) == set(STATISTICS) for name in FIGURES if name != "members")
    assert told["seeds"] == [3, 4]
    assert told["result_hash"] == result_hash(runs)
    visits = told["visits"]
    assert visits["mean"] == sum(run.figures["visits"] for run in runs) / 2
    assert visits["low"] < visits["mean"] < visits["high"]
    for name, keys in KEYS.items():
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows, name
        assert list(rows[0]) == [*keys, "figure", *STATISTICS]
        assert pq.read_table(tmp_path / f"{name}.parquet").num_rows == len(rows)


def test_a_row_that_a_run_lacks_counts_as_nothing_there() -> None:
    events = run_of().tables["events"]
    rows = over_runs("events", [events, events.slice(0, 1)])
    assert len(rows) == events.num_rows
    last = events.to_pylist()[-1]["events"]
    assert rows[-1]["mean"] == last / 2
    assert rows[0]["low"] == rows[0]["mean"]


def test_jobs_give_their_runs_in_order_and_tell_how_far_they_are() -> None:
    told: list[tuple[int, int, str]] = []
    season = rules_of().season
    jobs = [Job(season, population(), MEMBERS, seed) for seed in (4, 3)]
    runs = run_jobs(jobs, progress=lambda *one: told.append(one))
    assert [run.seed for run in runs] == [4, 3]
    assert runs[1].digest() == run_of().digest()
    assert told[0] == (1, 64, "days")
    assert told[-1] == (64, 64, "days")


def test_what_a_run_can_not_tell_is_left_empty() -> None:
    kept = run_of().tables["liability"]
    place = kept.column_names.index("used_points")
    unknown = kept.set_column(place, "used_points", pa.nulls(kept.num_rows, pa.int64()))
    rows = over_runs("liability", [kept, unknown])
    used = [row for row in rows if row["figure"] == "used_points"]
    assert used
    assert all(row[name] is None for row in used for name in STATISTICS)
    assert all(row["mean"] is not None for row in rows if row["figure"] == "earned_points")
