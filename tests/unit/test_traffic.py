"""The generator's tables: determinism, order, identities, realism, and every event decodable."""

import collections
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from rules.decoding.events import Names, decode_table
from rules.season.season_file import load_season
from rules.season.season_models import Season
from simulator.people.population import Population
from simulator.people.population_file import DEFAULT_FILE, load_population, shipped_population
from simulator.play.traffic import generate

SEASONS = Path(__file__).parents[2] / "seasons"
ZONE = ZoneInfo("Asia/Shanghai")
MEMBERS, DAYS, SEED = 6_000, 28, 20260601


def season_of(text: str) -> Season:
    return load_season(text, "test.toml")


@pytest.fixture(scope="module")
def season() -> Season:
    return season_of((SEASONS / "summer-2026.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def population() -> Population:
    return shipped_population()


@pytest.fixture(scope="module")
def tables(season: Season, population: Population) -> list[pa.Table]:
    return list(generate(season, population, MEMBERS, DAYS, seed=SEED))


@pytest.fixture(scope="module")
def events(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries()


def rows(table: pa.Table, kind: str) -> pa.Table:
    return table.filter(pc.equal(table["type"].cast(pa.utf8()), kind))


def unique(events: pa.Table) -> pa.Table:
    """Leave out the events sent twice."""
    placed = events.append_column("place", pa.array(np.arange(len(events))))
    places = placed.group_by("event_id").aggregate([("place", "min")])["place_min"]
    return events.take(places.take(pc.sort_indices(places)))


def fills(events: pa.Table) -> pa.Table:
    return events.filter(
        pc.and_(pc.equal(events["type"].cast(pa.utf8()), "purchase"), pc.is_valid(events["litres"]))
    )


def plain_toml(changes: str = "") -> str:
    return f"""
format = 1
[programme]
id = "plain"
timezone = "America/New_York"
[[earning]]
id = "fuel"
on = "purchase"
points = 1
per = {{ litres = "1" }}
[season]
id = "plain-2026"
starts = 2026-03-01T00:00:00
ends = 2026-04-01T00:00:00
{changes}
"""


@pytest.mark.parametrize("block_members", [1, 997, 2_048, 10_000])
def test_the_tables_do_not_depend_on_the_blocks(
    season: Season, population: Population, block_members: int
) -> None:
    members = 120 if block_members == 1 else 5_000
    whole = list(generate(season, population, members, 5, seed=3))
    cut = list(generate(season, population, members, 5, seed=3, block_members=block_members))
    assert len(cut) == len(whole) == 5
    assert all(a.equals(b) for a, b in zip(cut, whole, strict=True))


def test_another_seed_gives_other_tables(season: Season, population: Population) -> None:
    one, two = (next(generate(season, population, 500, 1, seed=s)) for s in (1, 2))
    assert not one["at"].equals(two["at"])


def test_members_keep_their_events_when_others_join(season: Season, population: Population) -> None:
    few = pa.concat_tables(generate(season, population, 1_000, 4, seed=9))
    many = pa.concat_tables(generate(season, population, 3_000, 4, seed=9))
    same = many.filter(pc.less(many["member"], "m00001000"))
    for name in ("event_id", "at", "amount", "station"):
        assert same[name].to_pylist() == few[name].to_pylist()


def test_each_day_is_sorted_by_at_and_holds_only_events_of_that_day_and_late_ones(
    tables: list[pa.Table], population: Population
) -> None:
    late_days = round(population.faults.late_days)
    for number, table in enumerate(tables):
        at = table["at"].cast(pa.timestamp("us")).to_numpy()
        assert (np.diff(at) >= np.timedelta64(0)).all()
        day = date(2026, 6, 1) + timedelta(days=number)
        days = [one.date() for one in pc.local_timestamp(table["at"]).to_pylist()]
        assert max(days) == day
        assert min(days) >= day - timedelta(days=late_days)


def test_ids_are_unique_but_for_the_events_sent_twice(
    events: pa.Table, population: Population
) -> None:
    counts = collections.Counter(
        zip(events["member"].to_pylist(), events["event_id"].to_pylist(), strict=True)
    )
    twice = [identity for identity, count in counts.items() if count > 1]
    assert max(counts.values()) == 2
    share = population.faults.duplicate_share
    assert len(twice) / len(counts) == pytest.approx(share, abs=4 * (share / len(counts)) ** 0.5)
    chosen = events.filter(pc.is_in(events["event_id"], pa.array([one[1] for one in twice])))
    copies = collections.Counter(str(row) for row in chosen.to_pylist())
    assert set(copies.values()) == {2}


def test_a_few_events_come_late(tables: list[pa.Table], population: Population) -> None:
    late = total = 0
    for number, table in enumerate(tables[5:], start=5):
        midnight = datetime(2026, 6, 1, tzinfo=ZONE) + timedelta(days=number)
        late += pc.sum(pc.less(table["at"], pa.scalar(midnight, table["at"].type))).as_py()
        total += len(table)
    share = population.faults.late_share
    assert late / total == pytest.approx(share, abs=4 * (share / total) ** 0.5)


def test_every_event_decodes(tables: list[pa.Table], season: Season) -> None:
    names = Names(
        products=frozenset(season.products),
        kinds=frozenset(season.members.kinds),
        earliest_us=int(datetime(2026, 5, 1, tzinfo=UTC).timestamp()) * 1_000_000,
        latest_us=int(datetime(2026, 9, 1, tzinfo=UTC).timestamp()) * 1_000_000,
    )
    for table in tables:
        decoded = decode_table(table, names)
        assert decoded.refused == []
        assert decoded.received == len(table)
        columns = decoded.columns
        assert columns["at_us"].to_pylist() == table["at"].cast(pa.int64()).to_pylist()
        millilitres = [None if v is None else int(v * 1000) for v in table["litres"].to_pylist()]
        assert columns["litres_ml"].to_pylist() == millilitres
        fen = [None if v is None else int(v * 100) for v in table["amount"].to_pylist()]
        assert columns["amount_fen"].to_pylist() == fen


def test_litres_have_the_mean_and_shape_of_the_population_file(
    events: pa.Table, population: Population
) -> None:
    kind_of = kinds_by_member(events)
    litres: dict[str, list[float]] = collections.defaultdict(list)
    for row in unique(fills(events)).select(["member", "litres"]).to_pylist():
        litres[kind_of[row["member"]]].append(float(row["litres"]))
    for name in ("private", "taxi", "ride_hailing"):
        found = np.array(litres[name])
        mean = population.kinds[name].litres_mean
        # The tank cuts the top off and some fills snap to round money: a few per cent below.
        assert found.mean() == pytest.approx(mean, rel=0.08), name
        assert found.max() <= population.kinds[name].tank + 7
        # Weibull(2.30) has a variation of 0.46; the tank takes some of it.
        assert 0.36 < found.std() / found.mean() < 0.48, name
    assert 150 < np.mean(litres["fleet"]) < 400


def kinds_by_member(events: pa.Table) -> dict[str, str]:
    enrolled = rows(events, "enrol").select(["member", "attributes.kind"]).to_pylist()
    kinds = {row["member"]: row["attributes.kind"] for row in enrolled}
    return collections.defaultdict(lambda: "private", kinds)


def test_each_kind_visits_at_its_rate(events: pa.Table, population: Population) -> None:
    kind_of = kinds_by_member(events)
    opening = {
        row["member"]
        for row in rows(events, "enrol").select(["member", "at"]).to_pylist()
        if row["at"].date() == date(2026, 6, 1)
    }
    members = collections.Counter(kind_of[member] for member in opening)
    visits = collections.Counter(
        kind_of[member] for member in unique(fills(events))["member"].to_pylist()
        if member in opening
    )  # fmt: skip
    months = DAYS / (365.25 / 12)
    for name in ("private", "taxi", "ride_hailing"):
        rate = visits[name] / members[name] / months
        # About 2 % of members leave at each visit, and 200 to 4,000 members vary in rate.
        assert rate == pytest.approx(population.kinds[name].visits_per_month, rel=0.15), name
    total = sum(members.values())
    for name, kind in population.kinds.items():
        assert members[name] / total == pytest.approx(kind.share, abs=0.02), name


def test_hours_follow_the_profile_of_weekdays_and_weekends(
    events: pa.Table, population: Population
) -> None:
    kind_of = kinds_by_member(events)
    hours = {True: np.zeros(24), False: np.zeros(24)}
    for row in unique(fills(events)).select(["member", "at"]).to_pylist():
        if kind_of[row["member"]] == "private":
            free = row["at"].weekday() >= 5 or row["at"].date() == date(2026, 6, 19)
            hours[free][row["at"].hour] += 1
    timing = population.timing
    for free, profile in ((False, timing.hours_weekday), (True, timing.hours_weekend)):
        found = hours[free] / hours[free].sum()
        wanted = np.array(profile) / sum(profile)
        # 2 % of private visits come at night; the rest is chance.
        assert np.abs(found - wanted).max() < 0.02
    assert hours[False][16:19].sum() / hours[False].sum() > 0.22


def test_taxis_come_at_night_more_than_others(events: pa.Table) -> None:
    kind_of = kinds_by_member(events)
    night: dict[str, list[bool]] = collections.defaultdict(list)
    for row in unique(fills(events)).select(["member", "at"]).to_pylist():
        night[kind_of[row["member"]]].append(row["at"].hour < 5)
    assert np.mean(night["taxi"]) > 0.08
    assert np.mean(night["private"]) < 0.03


def test_weekdays_follow_their_profile(season: Season) -> None:
    # Without joiners: they would make later days busier.
    text = DEFAULT_FILE.read_text(encoding="utf-8").replace(
        "opening_share = { value = 0.7", "opening_share = { value = 1.0"
    )
    population = load_population(text, "all-there.toml")
    assert population.enrolment.opening_share == 1.0
    counts = np.zeros(7)
    for number, table in enumerate(
        generate(season, population, 20_000, 21, seed=5, start=date(2026, 7, 6))
    ):
        counts[number % 7] += len(unique(fills(table)))
    assert counts / counts.mean() == pytest.approx(
        np.array(population.timing.weekday_profile), abs=0.03
    )


def test_dear_fuel_is_bought_less_often(season: Season) -> None:
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    steep = text.replace("price_elasticity = { value = -0.29", "price_elasticity = { value = -2.0")
    steep = steep.replace("range = [-0.35, -0.26]", "range = [-3, 0]")
    steep = steep.replace("step_size = { value = 0.015", "step_size = { value = 0.05")
    one, two = load_population(text, "a"), load_population(steep, "b")
    assert two.timing.price_elasticity == -2.0
    ids = [
        {row for table in generate(season, p, 2_000, 40, seed=2) for row in
         fills(table)["event_id"].to_pylist()}
        for p in (one, two)
    ]  # fmt: skip
    assert ids[0] != ids[1]
    # Common random numbers: nearly all visits are the same ones.
    assert len(ids[0] & ids[1]) > 0.9 * len(ids[0])


def test_money_litres_and_price_agree(events: pa.Table) -> None:
    for row in fills(events).slice(0, 3_000).to_pylist():
        price = row["amount"] / row["litres"]
        assert 6.5 < price < 9.5, row
    amounts = [row["amount"] for row in fills(events).select(["amount"]).to_pylist()]
    whole = sum(amount % 100 == 0 for amount in amounts) / len(amounts)
    assert whole == pytest.approx(0.30, abs=0.02)


def test_refunds_name_an_earlier_fill_of_the_member_and_never_ask_for_more(
    events: pa.Table,
) -> None:
    fill_of = {(row["member"], row["event_id"]): row for row in fills(events).to_pylist()}
    refunds = rows(events, "refund").to_pylist()
    assert len(refunds) > 20
    forms = collections.Counter()  # type: collections.Counter[str]
    for refund in refunds:
        fill = fill_of.get((refund["member"], refund["ref"]))
        assert refund["litres"] is None or refund["amount"] is None
        form = "litres" if refund["litres"] else "amount" if refund["amount"] else "full"
        forms[form] += 1
        if fill is not None:
            assert refund["at"] > fill["at"]
            assert form == "full" or 0 < refund[form] <= fill[form]
    assert set(forms) == {"litres", "amount", "full"}
    assert forms["full"] / len(refunds) == pytest.approx(0.6, abs=0.2)


def test_enrolment_comes_first_and_carries_kind_fuel_and_company(
    events: pa.Table, season: Season
) -> None:
    seen: set[str] = set()
    enrolled: dict[str, dict[str, Any]] = {}
    for row in unique(events).to_pylist():
        if row["type"] == "enrol":
            enrolled[row["member"]] = row
            assert row["attributes.kind"] in season.members.kinds
            assert row["attributes.fuel"] in ("92", "95", "98", "0")
            has_company = row["attributes.company"] is not None
            assert has_company == (row["attributes.kind"] in ("fleet", "enterprise"))
        seen.add(row["member"])
    # A few of the default kind never enrol: they are first seen in a purchase.
    assert 0.95 * len(seen) < len(enrolled) < len(seen)
    companies = {row["attributes.company"] for row in enrolled.values()} - {None}
    assert 10 < len(companies) < 80


def test_tasks_top_ups_shop_lines_and_card_payments_are_there(
    events: pa.Table, population: Population, season: Season
) -> None:
    counts = collections.Counter(events["type"].to_pylist())
    for name in ("check_in", "browse", "share", "survey", "review", "top_up"):
        assert counts[name] > 30, name
    scores = [score for score in events["score"].to_pylist() if score is not None]
    assert len(scores) == counts["survey"]
    assert set(scores) <= set(range(11))
    lines = unique(rows(events, "purchase"))
    shop = lines.filter(pc.is_null(lines["litres"]))
    assert set(shop["product"].to_pylist()) == {"shop", "wash"}
    assert len(shop) / (len(lines) - len(shop)) == pytest.approx(
        population.shop.line_share, abs=0.01
    )
    assert set(events["station"].to_pylist()) == {*season.stations, None}
    by_card = pc.sum(pc.is_valid(lines["pay"])).as_py() / len(lines)
    assert 0.1 < by_card < 0.5


def test_the_order_groups_the_lines_of_a_visit(events: pa.Table) -> None:
    lines = rows(events, "purchase")
    orders: dict[str, set[tuple[str, datetime, str]]] = collections.defaultdict(set)
    for row in lines.select(["order", "member", "at", "station"]).to_pylist():
        orders[row["order"]].add((row["member"], row["at"], row["station"]))
    assert all(len(visit) == 1 for visit in orders.values())


def test_a_plain_season_without_registers_gets_sensible_names(population: Population) -> None:
    table = pa.concat_tables(
        generate(season_of(plain_toml()), population, 2_000, seed=1)
    ).unify_dictionaries()
    assert set(table["attributes.kind"].to_pylist()) == {"private", None}
    assert set(table["product"].to_pylist()) == {"92", "95", "98", "0", "shop", "wash", None}
    assert len(set(table["station"].to_pylist()) - {None}) == 20
    # 31 local days from 2026-03-01 in New York, the 8th of which has 23 hours.
    local = pc.local_timestamp(table["at"]).to_pylist()
    assert min(local).date() == date(2026, 3, 1)
    assert max(local).date() == date(2026, 3, 31)
    assert not [one for one in local if one.date() == date(2026, 3, 8) and one.hour == 2]


def test_a_season_with_its_own_fuel_sells_that(population: Population) -> None:
    text = plain_toml('[products.regular]\ncategory = "fuel"')
    table = pa.concat_tables(generate(season_of(text), population, 500, 7, seed=1))
    assert set(table.unify_dictionaries()["product"].to_pylist()) == {"regular", None}


def test_a_default_kind_of_another_name_has_members(population: Population) -> None:
    text = plain_toml('[members]\nkinds = ["household", "staff"]')
    table = pa.concat_tables(generate(season_of(text), population, 2_000, 7, seed=1))
    kinds = collections.Counter(table["attributes.kind"].to_pylist())
    assert set(kinds) == {"household", "staff", None}
    # Most members are of the population's first kind, which stands for the season's default.
    assert kinds["household"] > 10 * kinds["staff"]


@pytest.mark.parametrize(
    ("members", "days", "seed", "message"),
    [
        (0, 1, 1, "members = 0: must be between 1 and"),
        (10, 0, 1, "days = 0: must be between 1 and 1000"),
        (10, 1, -1, "seed = -1: must be between 0"),
    ],
)
def test_numbers_out_of_range_are_refused(
    season: Season, population: Population, members: int, days: int, seed: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        generate(season, population, members, days, seed=seed)
