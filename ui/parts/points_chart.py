"""The chart of points per hour over the whole season."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import altair as alt

from ui.answers import Season
from ui.parts.figures import hour, number
from ui.texts import Texts

ACCENT = "#1E78DC"
HEIGHT_PX = 190


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


def points_chart(season: Season, words: Texts) -> alt.Chart:
    """Draw the points per hour in the programme's own zone; the title is the message."""
    zone = ZoneInfo(season.timezone)
    # Vega knows the browser's zone and UTC only: local wall times are sent as if they were UTC.
    points = [
        {"at": at.astimezone(zone).replace(tzinfo=timezone.utc).isoformat(), "points": count}
        for at, count in full_hours(season)
    ]
    line = {"color": ACCENT, "strokeWidth": 1.5}
    axis = alt.Axis(format=words("chart.date"), labelOverlap=True, tickCount=5, grid=False)
    return (
        alt.Chart(alt.Data(values=points))
        .mark_area(color=ACCENT, opacity=0.25, line=line, interpolate="step-after")
        .encode(
            x=alt.X(
                "at:T",
                title=words("chart.hour", zone=season.timezone),
                scale=alt.Scale(type="utc"),
                axis=axis,
            ),
            y=alt.Y("points:Q", title=words("chart.points"), axis=alt.Axis(tickCount=4)),
            tooltip=[
                alt.Tooltip(
                    "at:T",
                    title=words("chart.hour", zone=season.timezone),
                    timeUnit="utcyearmonthdatehours",
                    format=words("chart.date_hour"),
                ),
                alt.Tooltip("points:Q", title=words("chart.points"), format=","),
            ],
        )
        .properties(height=HEIGHT_PX)
    )
