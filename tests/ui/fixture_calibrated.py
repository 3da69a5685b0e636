"""A recorded calibration: figures fitted to half a year, and weeks that were held out."""

from __future__ import annotations

from typing import Any

POPULATION = "# fitted\nformat = 1\n"


def figure(value: float | list[float], low: float, high: float, n: int) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": n}


def distances(members: int, visits: float, intervals: float, litres: float) -> dict[str, Any]:
    values = {"ks_visits": visits, "ks_intervals": intervals, "ks_litres": litres}
    return {"members": members} | {
        name: {"value": value, "chance_95": 0.041} for name, value in values.items()
    }


CALIBRATED: dict[str, Any] = {
    "events": 61_204,
    "duplicates": 17,
    "members": 1840,
    "fills": 38_112,
    "days": 182,
    "period": "2026-01-01 to 2026-07-01",
    "members_are": "mixed",
    "log_likelihood": -91_223.4,
    "figures": {
        "timing.weekday_profile": figure([1.0, 0.9, 1.1, 1.0, 1.2, 0.9, 0.9], 0.88, 1.24, 38_112),
        "timing.holiday_factor": figure(1.31, 1.12, 1.53, 6),
        "kinds.private.visits_per_month": figure(2.41, 2.3, 2.52, 21_004),
        "kinds.taxi.visits_per_month": figure(11.8, 11.1, 12.6, 9_480),
        "kinds.private.litres_mean": figure(34.6, 34.1, 35.2, 21_004),
        "timing.renewal_shape": figure(1.44, 1.4, 1.49, 36_272),
    },
    "defaults": ["response.theta", "survey.share"],
    "whole_log": distances(1840, 0.031, 0.038, 0.022),
    "held_out": distances(1612, 0.036, 0.052, 0.024)
    | {
        "fitted_weeks": 13,
        "weeks": 26,
        "cumulative_mape": 0.021,
        "total_error": -0.034,
        "repeats": [1400 * week for week in range(1, 27)],
        "repeats_simulated": [1400 * week - max(0, week - 13) * 48 for week in range(1, 27)],
    },
    "none_held_out": "",
}
SHORT: dict[str, Any] = CALIBRATED | {
    "days": 52,
    "held_out": None,
    "none_held_out": "7 weeks: at least 4 on either side of the cut are needed",
}
