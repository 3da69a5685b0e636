"""Write what a calibration found as one page without outside parts, and as one JSON object."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import numpy as np

from simulator.fit.calibration import Calibration
from simulator.fit.observed import Observed
from simulator.fit.validation import Distance, HeldOut, Judged
from simulator.people.keyed import Floats, Ints
from simulator.people.population import Value

_WIDTH: Final = 460
_HEIGHT: Final = 230
_LEFT: Final = 46
_TOP: Final = 12
_BOTTOM: Final = 30
_POINTS: Final = 120
_LOG: Final = "#1f6fb2"
_SIMULATED: Final = "#d9731a"
_STYLE: Final = """
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; color: #222; max-width: 1000px;
  margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em }
.plots { display: flex; flex-wrap: wrap; gap: 1em } figure { margin: 0 }
figcaption { font-size: .9em } svg { display: block; background: #fafafa }
table { border-collapse: collapse; font-size: .9em } th, td { text-align: left;
  padding: .2em .8em .2em 0; border-bottom: 1px solid #ddd } td.n { text-align: right }
.kept { color: #777 } .log { color: #1f6fb2 } .simulated { color: #d9731a }
"""


def calibration_summary(
    observed: Observed, fitted: Calibration, whole: Judged, held: HeldOut | None
) -> dict[str, Any]:
    """Give the fit and its quality as plain values."""
    return {
        "events": observed.events,
        "duplicates": observed.duplicates,
        "members": observed.members,
        "fills": len(observed.fills.day),
        "days": observed.days,
        "period": fitted.period,
        "members_are": fitted.membership,
        "log_likelihood": fitted.visits.log_likelihood,
        "figures": {
            path: {"value": one.value, "low": one.low, "high": one.high, "n": one.count}
            for path, one in fitted.found.items()
        },
        "defaults": fitted.defaults,
        "whole_log": _distances(whole),
        "held_out": None if held is None else {
            "fitted_weeks": held.fitted_weeks,
            "weeks": len(held.judged.repeats),
            **_distances(held.judged),
            "cumulative_mape": held.mape,
            "total_error": held.total_error,
            "repeats": held.judged.repeats.tolist(),
            "repeats_simulated": held.judged.repeats_simulated.tolist(),
        },
    }  # fmt: skip


def _distances(judged: Judged) -> dict[str, Any]:
    named = {"visits": judged.visits, "intervals": judged.intervals, "litres": judged.litres}
    return {"members": judged.cohort} | {
        f"ks_{name}": {"value": one.value, "chance_95": one.chance_95}
        for name, one in named.items()
    }


def calibration_page(
    observed: Observed, fitted: Calibration, whole: Judged, held: HeldOut | None
) -> str:
    """Write the page, in Chinese and English side by side."""
    parts = [
        "<!doctype html><html lang='zh'><meta charset='utf-8'>",
        "<title>校准报告 · Calibration report</title>",
        f"<style>{_STYLE}</style>",
        "<h1>校准报告 · Calibration report</h1>",
        (
            f"<p>{len(observed.fills.day):,} 次加油，{observed.members:,} 名会员，{fitted.period}"
            f" · {len(observed.fills.day):,} fills of {observed.members:,} members</p>"
        ),
        (
            "<p><b class='log'>蓝：日志 · blue: the log</b>，"
            "<b class='simulated'>橙：模拟 · orange: the simulation</b></p>"
        ),
    ]
    if held is not None:
        parts += _held_out(held)
    parts.append("<h2>整段日志 · The whole log</h2>")
    parts += [_quality(whole), _plots(whole)]
    parts += ["<h2>参数 · Figures</h2>", _figures(fitted), "</html>"]
    return "\n".join(parts)


def _held_out(held: HeldOut) -> list[str]:
    judged = held.judged
    weeks = len(judged.repeats)
    return [
        (f"<h2>留出的周：第 {held.fitted_weeks + 1}–{weeks} 周 · "
        f"Weeks held out: {held.fitted_weeks + 1}–{weeks}</h2>"),
        (f"<p>只用第 1–{held.fitted_weeks} 周拟合。累计复购平均绝对百分误差 {held.mape:.1%}，"
        f"留出期总量误差 {held.total_error:+.1%} · Fitted on weeks 1–{held.fitted_weeks} alone. "
        f"Cumulative repeat visits: mean absolute error {held.mape:.1%}; "
        f"visits of the held-out weeks together {held.total_error:+.1%}</p>"),
        "<div class='plots'>",
        _figure(
            "累计复购，线右侧为留出 · Cumulative repeat visits by week, held out right of the line",
            _lines(
                np.arange(1, weeks + 1), judged.repeats, judged.repeats_simulated,
                mark=held.fitted_weeks,
            ),
        ),
        "</div>",
        _quality(judged),
        _plots(judged),
    ]  # fmt: skip


def _quality(judged: Judged) -> str:
    rows = [
        _quality_row("每位会员的到店次数 · visits a member", judged.visits),
        _quality_row("两次到店的间隔 · days between visits", judged.intervals),
        _quality_row("每次升数 · litres a fill", judged.litres),
    ]
    return (
        f"<p>{judged.cohort:,} 名会员 · members</p><table><tr><th>"
        "<th>KS 距离 · KS distance<th>纯随机的 95 % · what chance reaches in 5 of 100"
        f"{''.join(rows)}</table>"
    )


def _quality_row(name: str, one: Distance) -> str:
    return f"<tr><td>{name}<td class='n'>{one.value:.3f}<td class='n'>{one.chance_95:.3f}"


def _plots(judged: Judged) -> str:
    observed, simulated = judged.observed, judged.simulated
    return "\n".join([
        "<div class='plots'>",
        _figure("到店次数（累积份额）· Visits a member, share of members with at most so many",
                _shares(observed.visits, simulated.visits)),
        _figure("间隔天数 · Days between visits, share of intervals at most so long",
                _shares(observed.intervals, simulated.intervals)),
        _figure("升数 · Litres a fill, share of fills at most so large",
                _shares(observed.litres, simulated.litres)),
        "</div>",
    ])  # fmt: skip


def _figure(caption: str, drawing: str) -> str:
    return f"<figure>{drawing}<figcaption>{caption}</figcaption></figure>"


def _shares(one: Ints | Floats, other: Ints | Floats) -> str:
    """Draw two distributions up to the 98th of a hundred."""
    if not len(one) or not len(other):
        return "<p>—</p>"
    end = float(max(np.quantile(one, 0.98), np.quantile(other, 0.98), 1.0))
    at = np.linspace(0.0, end, _POINTS)
    below = [np.searchsorted(np.sort(s), at, side="right") / len(s) for s in (one, other)]
    return _lines(at, below[0], below[1])


def _lines(at: Floats | Ints, one: Floats, other: Floats, mark: float | None = None) -> str:
    """Draw two curves over common places, float64[n] each, as one inline SVG."""
    top = float(max(one.max(), other.max(), 1e-9))
    first, last = float(at[0]), float(max(at[-1], at[0] + 1e-9))
    wide, high = _WIDTH - _LEFT - 12, _HEIGHT - _TOP - _BOTTOM

    def x(value: float) -> float:
        return _LEFT + wide * (value - first) / (last - first)

    def y(value: float) -> float:
        return _TOP + high * (1.0 - value / top)

    def curve(values: Floats, colour: str) -> str:
        points = " ".join(
            f"{x(float(a)):.1f},{y(float(v)):.1f}" for a, v in zip(at, values, strict=True)
        )
        return f"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='2'/>"

    ticks = []
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        ticks.append(
            f"<text x='{_LEFT - 6}' y='{y(top * part) + 4:.1f}' text-anchor='end' "
            f"font-size='11'>{_short(top * part)}</text>"
            f"<line x1='{_LEFT}' x2='{_WIDTH - 12}' y1='{y(top * part):.1f}' "
            f"y2='{y(top * part):.1f}' stroke='#ddd'/>"
        )
        value = first + (last - first) * part
        ticks.append(
            f"<text x='{x(value):.1f}' y='{_HEIGHT - 10}' text-anchor='middle' "
            f"font-size='11'>{_short(value)}</text>"
        )
    if mark is not None:
        ticks.append(
            f"<line x1='{x(mark):.1f}' x2='{x(mark):.1f}' y1='{_TOP}' y2='{_TOP + high}' "
            "stroke='#999' stroke-dasharray='4 3'/>"
        )
    return (
        f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' width='{_WIDTH}' height='{_HEIGHT}' role='img'>"
        f"{''.join(ticks)}{curve(one, _LOG)}{curve(other, _SIMULATED)}</svg>"
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _figures(fitted: Calibration) -> str:
    rows = ["<tr><th>参数 · figure<th>值 · value<th>95 %<th>n<th>单位 · unit"]
    for path, parameter in fitted.population.parameters.items():
        one = fitted.found.get(path)
        value = _shown(parameter.value)
        if one is None:
            told = "<td colspan='2' class='kept'>默认，日志看不出 · default, the log can't tell"
        else:
            told = f"<td>{_short_range(one.low, one.high)}<td class='n'>{one.count:,}"
        rows.append(f"<tr><td>{escape(path)}<td>{escape(value)}{told}<td>{escape(parameter.unit)}")
    return f"<table>{''.join(rows)}</table>"


def _shown(value: Value) -> str:
    return ", ".join(f"{v:.4g}" for v in value) if isinstance(value, tuple) else f"{value:.4g}"


def _short_range(low: float, high: float) -> str:
    return f"{low:.4g} – {high:.4g}"
