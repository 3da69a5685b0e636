"""The parts of the terms on spending: expiry, catalogue, checkout, coupons, budgets, notices."""

from __future__ import annotations

from rules.compiling.calendar import add_months
from rules.season.season_models import Budget, CatalogueItem, Coupon, Duration, Trigger
from rules.wording.terms_words import Part, Words


def expiry(words: Words) -> Part:
    """Say how long points last, with an example of the season's first day."""
    rules, first = words.season.points, words.season.season.starts.date()
    if rules.expire_after is None:
        return words.part("expiry", [words("expiry.never")])
    after = rules.expire_after
    lines = [words("expiry.after", after=words.duration(after))]
    if after.unit == "d":
        until = type(first).fromordinal(first.toordinal() + after.count)
    else:
        until = add_months(first, after.count * (12 if after.unit == "y" else 1))
    lines.append(words("expiry.example", day=words.day(first), until=words.day(until)))
    lines += _reminders(words, rules.remind_before, "expiry.remind")
    return words.part("expiry", lines)


def _reminders(words: Words, before: tuple[Duration, ...], key: str) -> list[str]:
    if not before:
        return []
    return [words(key, list=words.joined([words.duration(one) for one in before]))]


def coupon_name(words: Words, name: str) -> str:
    """Name a coupon by its id."""
    coupon = next(one for one in words.season.coupons if one.id == name)
    return words.named("coupon", name, coupon.name, _short(words, coupon))


def _short(words: Words, coupon: Coupon) -> str:
    """Call a coupon by what it gives, as tills and posters do."""
    if coupon.kind == "gift":
        return words("coupon.gift", product=words.product(coupon.product or ""))
    if coupon.pay is not None:
        off, fold = words.percent(1 - coupon.pay), words.number(coupon.pay * 10)
        return words("coupon.percent", off=off, fold=fold)
    off = words.money(coupon.off_fen or 0)
    if coupon.min_spend_fen:
        return words("coupon.off_over", off=off, min=words.money(coupon.min_spend_fen))
    return words("coupon.off", off=off)


def catalogue(words: Words) -> Part | None:
    """Say what points buy."""
    items = words.season.catalogue
    if not items:
        return None
    lines = [item_line(words, item) for item in items]
    return words.part("catalogue", [*lines, words("catalogue.rules")])


def item_line(words: Words, item: CatalogueItem) -> str:
    """Say what one item costs and gives."""
    title, points = words.titled("item", item.id, item.name), words.points(item.points)
    if item.coupon is not None:
        name = coupon_name(words, item.coupon)
        return words(
            "catalogue.coupon", title=title, points=points, coupon=name, coupon_id=item.coupon
        )
    if item.tier_up is not None:
        level = words.name_of("tier", item.tier_up)
        return words("catalogue.tier_up", title=title, points=points, level=level)
    stock = ""
    if item.goods is not None and item.goods.stock is not None:
        stock = words("catalogue.stock", stock=words.number(item.goods.stock))
    return words("catalogue.goods", title=title, points=points, stock=stock)


def checkout(words: Words) -> Part | None:
    """Say how points pay at the till."""
    rule = words.season.checkout
    if rule is None:
        return None
    amount = words.money(rule.amount_fen)
    share = words("checkout.share", share=words.percent(rule.max_share))
    return words.part(
        "checkout",
        [
            words("checkout.rate", points=words.points(rule.points), amount=amount),
            words("checkout.step", step=words.points(rule.step)),
            words("checkout.whole") if rule.max_share == 1 else share,
            words("checkout.refund"),
        ],
    )


def coupons(words: Words) -> Part | None:
    """Say what each coupon gives, on what, how long, and how coupons are used."""
    season, rules = words.season, words.season.coupon_rules
    if not season.coupons:
        return None
    many = words.number(rules.per_order)
    if words.language == "en":
        many = words.counted("coupons.count", rules.per_order)
    return words.part(
        "coupons",
        [
            *(coupon_line(words, coupon) for coupon in season.coupons),
            words("coupons.per_order", n=many),
            words("coupons.with_tier" if rules.with_tier_discount else "coupons.without_tier"),
            words("coupons.transferable" if rules.transferable else "coupons.personal"),
            words(f"coupons.{rules.on_refund}"),
            words("coupons.reserve", reserve=words.duration(rules.reserve_for)),
            words("coupons.change"),
            *_reminders(words, rules.remind_before, "coupons.remind"),
        ],
    )


def coupon_line(words: Words, coupon: Coupon) -> str:
    """Say what one coupon gives, on what, and how long."""
    title = words("titled", name=coupon_name(words, coupon.id), id=coupon.id)
    if coupon.kind == "amount_off":
        gives = words("coupons.amount_off", title=title, off=words.money(coupon.off_fen or 0))
    elif coupon.kind == "percent" and coupon.pay is not None:
        gives = words(
            "coupons.percent",
            title=title,
            pay=words.percent(coupon.pay),
            off=words.percent(1 - coupon.pay),
            fold=words.number(coupon.pay * 10),
        )
    else:
        gives = words("coupons.gift", title=title, product=words.product(coupon.product or ""))
    least = words("coupons.no_min")
    if coupon.min_spend_fen:
        least = words("coupons.min", min=words.money(coupon.min_spend_fen))
    parts = [gives, least]
    if coupon.max_off_fen is not None:
        parts.append(words("coupons.max", max=words.money(coupon.max_off_fen)))
    where = words.where(coupon.where)
    if where or coupon.kind != "gift":
        parts.append(words("coupons.where", where=where) if where else words("coupons.all"))
    parts.append(words("coupons.valid", valid=words.duration(coupon.valid)))
    if coupon.claim is not None:
        parts.append(words.limit(coupon.claim, "coupons.claim"))
    return words("semicolon").join(parts) + words("full_stop")


def triggers(words: Words) -> Part | None:
    """Say when a coupon comes by itself."""
    if not words.season.triggers:
        return None
    return words.part("triggers", [trigger_line(words, one) for one in words.season.triggers])


def trigger_line(words: Words, trigger: Trigger) -> str:
    """Say when one trigger issues what."""
    calendar = words.season.holidays.calendar if words.season.holidays else ""
    if trigger.on == "holiday" and not trigger.dates:
        what = words("triggers.holidays", calendar=calendar)
    elif trigger.on == "dormant" and trigger.after is not None:
        what = words("triggers.dormant", after=words.duration(trigger.after))
    else:
        what = words(f"triggers.{trigger.on}", dates=words.dates(trigger.dates))
    where = words.where(trigger.where)
    cooldown = words.duration(trigger.cooldown) if trigger.cooldown is not None else ""
    holdout = words.percent(trigger.holdout) if trigger.holdout else ""
    return words(
        "triggers.one",
        what=what,
        coupon=coupon_name(words, trigger.issue),
        coupon_id=trigger.issue,
        where=words("triggers.where", where=where) if where else "",
        cooldown=words("triggers.cooldown", cooldown=cooldown) if cooldown else "",
        holdout=words("triggers.holdout", holdout=holdout) if holdout else "",
        id=trigger.id,
    )


def budgets(words: Words) -> Part | None:
    """Say how much there is of what is given away."""
    if not words.season.budgets:
        return None
    lines = [budget_line(words, budget) for budget in words.season.budgets]
    return words.part("budgets", [*lines, words("budgets.end")])


def budget_line(words: Words, budget: Budget) -> str:
    """Say how much one budget allows."""
    season = words.season
    coupon_ids = {coupon.id for coupon in season.coupons}
    names = [
        coupon_name(words, one)
        if one in coupon_ids
        else words.named("reward", one, season.rewards[one].name)
        for one in budget.covers
    ]
    per = words("budgets.per", per=words(f"per.{budget.per}")) if budget.per else ""
    verb, listed = words(f"budgets.{budget.at}"), words.joined(names)
    if budget.count is not None:
        many = words.number(budget.count)
        return words("budgets.count", list=listed, n=many, verb=verb, per=per, id=budget.id)
    cost = words.money(budget.cost_fen or 0)
    return words("budgets.cost", list=listed, n=cost, verb=verb, per=per, id=budget.id)


def notices(words: Words) -> Part | None:
    """Say when messages are sent and how many."""
    rules = words.season.notices
    if rules is None:
        return None
    lines = []
    if rules.quiet_hours is not None:
        quiet = rules.quiet_hours
        start, end = words.clock(quiet.start_minute), words.clock(quiet.end_minute)
        lines.append(words("notices.quiet", start=start, end=end))
    if rules.per_member_week is not None:
        lines.append(words("notices.week", n=words.number(rules.per_member_week)))
    return words.part("notices", lines)
