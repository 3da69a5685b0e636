"""Hold the figures of the population file that traffic and simulations are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass

# How long an event may be held back: sorting a day's table relies on it.
LATE_DAYS_MAX = 7

Value = float | tuple[float, ...]


@dataclass(frozen=True)
class Parameter:
    """Hold one figure of the population file as it was written."""

    path: str
    value: Value
    unit: str
    low: float
    high: float
    source: str
    note: str = ""


@dataclass(frozen=True)
class Timing:
    """Say when members come."""

    renewal_shape: float
    drop_out_a: float
    drop_out_b: float
    price_elasticity: float
    holiday_factor: float
    weekday_profile: tuple[float, ...]
    hours_weekday: tuple[float, ...]
    hours_weekend: tuple[float, ...]


@dataclass(frozen=True)
class Litres:
    """Say how a fill varies around the kind's mean."""

    shape_within: float
    shape_between: float
    least: float
    round_money_share: float
    round_money_step: float


@dataclass(frozen=True)
class Prices:
    """Say how often and how far all fuel prices move together."""

    step_days: float
    step_size: float


@dataclass(frozen=True)
class Grade:
    """Price one grade of fuel, per litre, and say what of it is margin.

    A season file that says its own margins goes before these.
    """

    price: float
    margin: float


@dataclass(frozen=True)
class Kind:
    """Describe the members of one kind."""

    share: float
    visits_per_month: float
    rate_shape: float
    litres_mean: float
    tank: float
    night_share: float
    card_share: float
    company_size: float
    grades: tuple[float, ...]


@dataclass(frozen=True)
class Enrolment:
    """Say who is there at the start and who sends an enrol event."""

    opening_share: float
    enrolling_share: float


@dataclass(frozen=True)
class Stations:
    """Say how often a member fills away from home."""

    away_share: float


@dataclass(frozen=True)
class Shop:
    """Say how often something else is bought with the fuel, and for how much."""

    line_share: float
    amount_mean: float
    amount_shape: float
    margin_share: float


@dataclass(frozen=True)
class Card:
    """Say how card members top up and pay."""

    paid_share: float
    top_up_share: float
    top_up_amounts: tuple[float, ...]
    top_up_weights: tuple[float, ...]


@dataclass(frozen=True)
class Tasks:
    """Say how often app users do a task, and which."""

    app_share: float
    per_week: float
    rate_shape: float
    check_in_share: float
    browse_share: float
    share_share: float
    survey_share: float
    review_share: float
    survey_scores: tuple[float, ...]


@dataclass(frozen=True)
class Refunds:
    """Say which fills are refunded, how far and when."""

    visit_share: float
    full_share: float
    delay_hours: float


@dataclass(frozen=True)
class Faults:
    """Say how many events come twice or late, on purpose."""

    duplicate_share: float
    late_share: float
    late_days: float


@dataclass(frozen=True)
class Response:
    """Say how far members come more often, or fill more, for what the programme gives.

    The incentive is A = 1 + theta·[goal_gradient·x^goal_shape·reach·sat(value)
    + afterglow·e^(−Δ/afterglow_days) − slump·e^(−Δ/slump_days) + prize_pull·sat(value)·pdf(z)
    − hopeless·far + coupon_lift·held]; see docs/simulation.md.
    """

    zero_share: float
    theta_shape: float
    goal_gradient: float
    goal_shape: float
    value_scale: float
    tier_horizon_months: float
    afterglow: float
    afterglow_days: float
    slump: float
    slump_days: float
    prize_pull: float
    forecast_error: float
    hopeless: float
    coupon_lift: float
    discount_litres: float


@dataclass(frozen=True)
class Recall:
    """Say how many of those a dormancy trigger reaches come back for it."""

    increment: float
    within_days: float


@dataclass(frozen=True)
class CouponUse:
    """Say who uses coupons, when in their time, and how far a fill grows to reach a minimum."""

    propensity_a: float
    propensity_b: float
    noticed_share: float
    first_use_share: float
    gate_stretch: float
    claims_per_month: float


@dataclass(frozen=True)
class Redeeming:
    """Say how often points are spent, and how many never are."""

    item_share: float
    checkout_share: float
    breakage_share: float


@dataclass(frozen=True)
class Referring:
    """Say how many newcomers come with a referral."""

    referred_share: float


@dataclass(frozen=True)
class Population:
    """Hold the whole population file.

    `grades` and `kinds` keep the file's order; a kind's `grades` shares are in that order.
    `parameters` holds every figure by its path, for reports and for drawing from the ranges.
    """

    grades: Mapping[str, Grade]
    kinds: Mapping[str, Kind]
    timing: Timing
    litres: Litres
    prices: Prices
    enrolment: Enrolment
    stations: Stations
    shop: Shop
    card: Card
    tasks: Tasks
    refunds: Refunds
    faults: Faults
    response: Response
    recall: Recall
    coupon_use: CouponUse
    redeeming: Redeeming
    referring: Referring
    parameters: Mapping[str, Parameter]
