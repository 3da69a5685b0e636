"""Hold kernel = oracle where members' numbers pass what a byte, two or four hold."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.golden.adapters import run_kernel, run_oracle
from tests.property.test_kernel_equals_oracle import assert_same

SEASON = """
format = 1
[programme]
id = "p"
timezone = "Asia/Shanghai"
accept_late = "3d"
[members]
kinds = ["private"]
default_kind = "private"
[products.92]
category = "fuel"
[points]
expire_after = "1d"
{cap}
[[earning]]
id = "spend"
on = "purchase"
points = {points}
per = {{ amount = "1.00" }}
[[earning]]
id = "litres"
on = "purchase"
points = 1
per = {{ litres = "1" }}
[[multiplier]]
id = "tuesday"
group = "day"
where = {{ weekday = ["tue"] }}
factor = "2"
[[tasks]]
id = "check-in"
on = "check_in"
points = 300
[[tasks]]
id = "goal"
goal = {{ amount = "100000.00", within = "season" }}
points = 40000
limit = {{ times = 1, per = "season" }}
[tiers]
window_months = 1
review = "month"
steps_down = 1
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = {{ any = {{ litres = "21474836", amount = "21474836.48", visits = 3 }} }}
keep = {{ any = {{ litres = "300" }} }}
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-06-20T00:00:00
late_events = "1d"
refund_hold = "2d"
score = ["base", "bonus", "task"]
[[boards]]
id = "overall"
"""
AMOUNTS = ("0.01", "1.27", "1.28", "327.67", "327.68", "700.00", "9999999.99", "10000000.00")
LITRES = ("0.001", "127.999", "128", "10000")
POINTS = (127, 128, -129, 32_767, 32_768, -40_000, 999_999_999, -1_000_000_000)
KINDS = ("purchase", "purchase", "purchase", "refund", "adjust", "check_in", "merge")


@st.composite
def logs(draw: st.DrawFn) -> list[dict[str, object]]:
    """Draw few members' events with amounts at the limits, over some days."""
    events: list[dict[str, object]] = []
    bought: list[tuple[str, str]] = []
    for number in range(draw(st.integers(5, 30))):
        kind, member = draw(st.sampled_from(KINDS)), draw(st.sampled_from(("a", "b", "c")))
        event: dict[str, object] = {
            "event_id": f"e{number}",
            "type": kind,
            "member": member,
            "at": f"2026-06-{2 + number // 4:02d}T{10 + number % 4:02d}:00:00+08:00",
        }
        if kind == "purchase":
            event |= {
                "station": "S001",
                "product": "92",
                "amount": draw(st.sampled_from(AMOUNTS)),
                "litres": draw(st.sampled_from(LITRES)),
            }
            bought.append((f"e{number}", member))
        elif kind == "refund":
            if not bought:
                continue
            ref, member = draw(st.sampled_from(bought))
            event |= {"ref": ref, "member": member}
        elif kind == "adjust":
            event["points"] = draw(st.sampled_from(POINTS))
        elif kind == "merge":
            event["ref"] = draw(st.sampled_from([name for name in "abc" if name != member]))
        events.append(event)
    return events


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    logs(),
    st.sampled_from(("1", "1000", "10000")),
    st.sampled_from(("", "member_day_cap = 120", "member_day_cap = 40000")),
)
def test_kernel_equals_oracle_at_the_limits(
    events: list[dict[str, object]], points: str, cap: str
) -> None:
    season = SEASON.format(points=points, cap=cap)
    kernel = run_kernel(season, events, cuts=[3, 7, 20], restarts=True)
    assert_same(kernel, run_oracle(season, events))
