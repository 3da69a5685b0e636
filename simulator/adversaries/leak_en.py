"""The sentences of the adversaries report in English."""

from __future__ import annotations

from typing import Final

PHRASES: Final = {
    "leak.title": "{season}: what adversaries get",
    "leak.agents.one": "1 agent",
    "leak.agents.many": "{n} agents",
    "leak.under": "{agents} among {members} simulated members · {runs}",
    "leak.none": "The agents get nothing beyond what their honest twins get: "
    "{before} from the rules tried here.",
    "leak.verdict": "{agents}: {leak} more than honest members get who buy the same fuel "
    "({span}), {each} an agent.",
    "leak.most": "The largest part, {fen}, goes to {kind} through {rule}.",
    "leak.no_leak_kinds": "The season as it is already stops {kinds}.",
    "leak.crowded": "Prizes worth {fen} go to them in place of honest members, {count} in a run.",
    "leak.not_crowded": "No honest member loses a prize to them in these runs.",
    "leak.closed": "Changed as below, {share} of the leak closes; honest members get {cost} less.",
    "leak.closed_free": "Changed as below, {share} of the leak closes, and costs honest members "
    "nothing.",
    "leak.not_closed": "No change tried here closes more than it takes from honest members.",
    "leak.tile.total": "leak: the agents over their honest twins",
    "leak.tile.each": "an agent gets more",
    "leak.tile.crowd": "honest members who lose a prize",
    "leak.tile.crowd_under": "prizes worth {fen}",
    "leak.tile.after": "leak after the changes",
    "leak.tile.closed": "closes {share}",
    "leak.kinds": "Who gets it",
    "leak.kinds_title": "Leak by kind of agent",
    "leak.kinds_note": "Whiskers are the mean's 95% interval. Both sides buy the same litres.",
    "leak.rules": "Through which rule",
    "leak.rules_title": "The largest leaks by rule",
    "leak.rules_note": "Colours as above, by kind of agent. Below 0: what the agents forgo by "
    "cheating, such as the welcome coupon of each driver who shares a card.",
    "leak.all_rules": "Every rule",
    "leak.stopped": "What the season already stops",
    "leak.stopped_none": "Nothing the agents sent was refused.",
    "leak.stopped_note": "Refusals of the agents' requests, by what was asked; a mean over runs.",
    "leak.closes": "What closes it",
    "leak.closes_none": "No change was tried.",
    "leak.closes_note": "Each change was played by itself, with and without cheating, on the "
    "first {seeds}. “Honest lose” is what members of the population get less under the change "
    "when nobody cheats, and how many lose {least} or more. Recommended: closes more than it "
    "takes, as far as the draws can tell. The leak is that of the agents a change is meant "
    "against: a prize that one kind no longer takes may go to another.",
    "leak.together": "All recommended changes together: {before} before, {after} after ({share} "
    "closed); honest members get {cost} less. They are in closes.toml:",
    "leak.together_note": "Of changes to the same value only the one that leaves most is taken.",
    "leak.remains": "Still mostly open: {kinds}. What was tried against it closes less than it "
    "takes from honest members; look at such accounts by hand.",
    "leak.method": "How it was worked out",
    "leak.method.twin": "Every agent has an honest twin: the same persons with the same needs of "
    "fuel at the same times, an account each, one purchase a visit, nothing handed back. The leak "
    "is what the agents get more than their twins, seed by seed.",
    "leak.method.worth": "Points count at what they are worth when spent, and what is owed after a "
    "refund counts as got; coupons what they took off, tiers their discount, prizes their cost "
    "with tax.",
    "leak.method.split": "A purchase's bonus is shared over the multipliers that counted, by what "
    "each adds to the factor; a refund takes from what gave the points.",
    "leak.method.scale": "How many agents there are is the --agents option, not a finding: read "
    "the leak an agent, and the leak beside what a change takes from honest members.",
    "leak.figures": "The agents' figures, {count}, all of them assumptions or measured as said",
    "leak.kind.ring": "self-referral rings",
    "leak.kind.refund_cycling": "refund cycling",
    "leak.kind.order_splitting": "order splitting",
    "leak.kind.shared_cards": "shared cards",
    "leak.kind.coupon_races": "coupon races",
    "leak.what.ring": "Rings: one person, several accounts that refer one another, each buying the "
    "least that a referral asks for.",
    "leak.what.refund_cycling": "Refund cycling: goods bought up to a level or for the boards, "
    "and handed back once that has come.",
    "leak.what.order_splitting": "Order splitting: one fill as several purchases, where a level "
    "counts them or a coupon is good for each.",
    "leak.what.shared_cards": "Shared cards: several drivers on one account, for tiers and boards.",
    "leak.what.coupon_races": "Coupon races: one coupon at several tills in the same second, "
    "released and used again; claims and items asked for by the handful.",
    "leak.rule.referral": "the referral reward",
    "leak.rule.earning": "points of {name}",
    "leak.rule.multiplier": "multiplier {name}",
    "leak.rule.tasks": "task {name}",
    "leak.rule.triggers": "coupon of {name}",
    "leak.rule.coupons": "coupon {name}",
    "leak.rule.tiers": "discount of {name}",
    "leak.rule.prizes": "{name} ({board})",
    "leak.rule.points.clawback": "points owed and never repaid",
    "leak.rule.points.expire_after": "expiry",
    "leak.head.kind": "Agents",
    "leak.head.agents": "Number",
    "leak.head.accounts": "Accounts",
    "leak.head.litres": "Fuel, L",
    "leak.head.leak": "Leak",
    "leak.head.interval": "95% interval",
    "leak.head.each": "An agent",
    "leak.head.refused": "Refused",
    "leak.head.rule": "Rule",
    "leak.head.path": "In the file",
    "leak.head.points": "Points",
    "leak.head.asked": "Asked",
    "leak.head.reason": "Answer",
    "leak.head.count": "Times",
    "leak.head.change": "Change",
    "leak.head.against": "Against",
    "leak.head.leak_to": "Leak",
    "leak.head.closed": "Closed",
    "leak.head.honest": "Honest lose",
    "leak.head.losers": "Losers",
    "leak.head.worth": "Recommended",
    "leak.yes": "yes",
    "leak.no": "no",
    "leak.axis": "leak",
}
