"""Name the local periods that limits and budgets count in."""

from datetime import date


def period_of(per: str, day: date) -> object:
    """Name the day, ISO week, month or season that something is counted in."""
    if per == "day":
        return day
    if per == "week":
        return day.isocalendar()[:2]
    if per == "month":
        return day.year, day.month
    return "season"
