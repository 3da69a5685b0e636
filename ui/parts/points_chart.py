"""The chart of points per hour over the whole season."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import altair as alt

# Altair looks into pandas when it finds it loaded; another session's thread may be half through
# loading it. Loaded here, whole, before the first chart is drawn.
import pandas as pd  # noqa: F401 - see above

from ui.answers import Season
from ui.parts.figures import hour, number
from ui.texts import Texts

ACCENT = "#1E78DC"
HEIGHT_PX = 240
DAY_HOURS = 24


def full_hours(season: Season) -> list[tuple[datetime, int]]:
    """Fill the hours between the first and the last that has points with 0: int points an hour."""
    known = dict(season.points_per_hour)
    if not known:
        return []
    start, end = min(known), max(known)
    hours = int((end - start) / timedelta(hours=1)) + 1
    steps = (start + timedelta(hours=step) for step in range(hours))
    return [(at, known.get(at, 0)) for at in steps]


def message(season: Season, words: Texts) -> str:
    """Say the chart's message: the busiest hour, and the latest while the season runs."""
    busiest, most = max(season.points_per_hour, key=lambda entry: entry[1])
    values = {"hour": hour(busiest, season.timezone, words), "points": number(most)}
    if season.phase != "open":
        return words("chart.message", **values)
    return words("chart.message_now", latest=number(season.points_per_hour[-1][1]), **values)


def day_means(counts: list[int]) -> list[float]:
    """Average each hour with the 23 before it (fewer at the start): points an hour.

    >>> day_means([24] * 24 + [0])[-2:]
    [24.0, 23.0]
    """
    means, running = [], 0
    for place, count in enumerate(counts):
        running += count - (counts[place - DAY_HOURS] if place >= DAY_HOURS else 0)
        means.append(running / min(place + 1, DAY_HOURS))
    return means


def points_chart(season: Season, words: Texts) -> alt.LayerChart:
    """Draw each hour pale and the mean of a day over it, in the programme's own zone."""
    zone = ZoneInfo(season.timezone)
    hours = full_hours(season)
    means = day_means([count for _, count in hours])
    # Vega knows the browser's zone and UTC only: local wall times are sent as if they were UTC.
    points = [
        {
            "at": at.astimezone(zone).replace(tzinfo=UTC).isoformat(),
            "points": count,
            "mean": round(mean, 1),
        }
        for (at, count), mean in zip(hours, means, strict=True)
    ]
    hour_title = words("chart.hour", zone=season.timezone)
    x = alt.X(
        "at:T",
        title=hour_title,
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(format=words("chart.date"), labelOverlap=True, tickCount=3, grid=False),
    )
    y_title, y_axis = words("chart.points"), alt.Axis(tickCount=4, format=",d")
    tooltip = [
        alt.Tooltip(
            "at:T",
            title=hour_title,
            timeUnit="utcyearmonthdatehours",
            format=words("chart.date_hour"),
        ),
        alt.Tooltip("points:Q", title=words("chart.points"), format=","),
    ]
    base = alt.Chart(alt.InlineData(values=points)).encode(x=x)
    pale = base.mark_area(color=ACCENT, opacity=0.3, interpolate="step-after").encode(
        y=alt.Y("points:Q", title=y_title, axis=y_axis), tooltip=tooltip
    )
    line = base.mark_line(color=ACCENT, strokeWidth=2.5).encode(
        y=alt.Y("mean:Q", title=words("chart.points"), axis=y_axis)
    )
    return alt.LayerChart(layer=[pale, line], height=HEIGHT_PX)
