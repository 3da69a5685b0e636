"""The sentences of the simulation and comparison reports in English."""

from __future__ import annotations

from typing import Final

PHRASES: Final = {
    "between": "{low} to {high}",
    "model.points": "The points a purchase earns draw nobody by themselves in this model, only "
    "through levels, goals, prizes and what they buy. So it counts what other rates and factors "
    "cost, but hardly what members would do about them: try it on a part of them first.",
    "model.kept": "That is against the same members without a programme, in a model without "
    "rivals: margin from members whom only the programme keeps isn't counted.",
    "model.rivals": "The model knows no rivals: that members who get less may fill up elsewhere "
    "isn't counted.",
    "parameter.named": "{name} ({path})",
    "comma": ", ",
    "no_interval": "one run tells no interval",
    "runs.one": "1 run",
    "runs.many": "{n} runs",
    "points_difference": "{n} points",
    # Verdict of a simulation
    "verdict.nothing": "The programme gives nothing that costs money, and nobody comes more often "
    "for it.",
    "gain.more": "{size} more margin",
    "gain.less": "{size} less margin",
    "verdict.net.above": "The programme pays for itself: it brings {gain} than no "
    "programme, which leaves {net} after all rewards (95 % interval {span}).",
    "verdict.net.below": "The programme doesn't pay for itself under these assumptions: it brings "
    "{gain} than no programme and costs {cost}, which leaves {net} (95 % interval {span}).",
    "verdict.net.unclear": "These runs can't tell whether the programme pays for itself: it leaves "
    "{net}, and the 95 % interval {span} has 0 in it.",
    "verdict.net.one": "In the one run made, the programme brings {gain} than none and costs "
    "{cost}, which leaves {net}. One run tells nothing of chance: run at least 4 seeds.",
    "verdict.cost": "Rewards cost {p50} in a middling season and {p95} in an expensive one "
    "(P50 and P95 of {runs} runs).",
    "verdict.back": "Each {one} of rewards brings back {back} of margin.",
    "verdict.anyway": "{share} of the rewards' value goes to visits that would have happened "
    "anyway.",
    "verdict.exceeds": "The cost exceeds the budget of {budget} in {runs} of {of} runs.",
    "verdict.within": "The cost stays within the budget of {budget} in all {of} runs.",
    "verdict.broken": "Prizes go over the budget “{name}” ({measure}) in {runs} of {of} runs.",
    "verdict.out": "“{name}” ({measure}) runs out in {runs} of {of} runs.",
    "verdict.budgets_hold": "No budget or stock of the file runs out in any run.",
    # Verdict of a comparison
    "compare.identical": "No difference: under {base} and {candidate} every member did and got "
    "exactly the same in every seed.",
    "compare.margin_fen.more": "{candidate} leaves {size} more margin after rewards than {base} "
    "(95 % interval {span}, {seeds} seeds).",
    "compare.margin_fen.less": "{candidate} leaves {size} less margin after rewards than {base} "
    "(95 % interval {span}, {seeds} seeds).",
    "compare.margin_fen.unclear": "The data can't tell which file leaves more margin after "
    "rewards: {candidate} differs from {base} by {difference} on average over {seeds} seeds "
    "(95 % interval {span}).",
    "compare.margin_fen.one": "In the one seed run, {candidate} differs from {base} by "
    "{difference} in margin after rewards.",
    "compare.margin_fen.none": "{candidate} and {base} leave exactly the same margin after rewards "
    "in every seed.",
    "compare.cost_total_fen.more": "{candidate} costs {size} more (95 % interval {span}).",
    "compare.cost_total_fen.less": "{candidate} costs {size} less (95 % interval {span}).",
    "compare.cost_total_fen.unclear": "Whether it costs more or less can't be told either way: "
    "{difference} (95 % interval {span}).",
    "compare.cost_total_fen.one": "Its cost differs by {difference}.",
    "compare.cost_total_fen.none": "Both cost exactly the same.",
    "compare.more_seeds": "About {more} more seeds should settle it.",
    "compare.too_small": "Not even {most} seeds would settle it: the difference is too small to "
    "matter.",
    "compare.one_seed": "One seed tells nothing of chance: run at least 4.",
    "compare.members": "Of {members} members, about {up} get at least {least} more in rewards and "
    "{down} at least {least} less.",
    "compare.nobody": "Nobody gets {least} more or less in rewards.",
    "compare.anyway.more": "More of the rewards' value goes to visits that would have happened "
    "anyway: {candidate} instead of {base} ({difference}).",
    "compare.anyway.less": "Less of the rewards' value goes to visits that would have happened "
    "anyway: {candidate} instead of {base} ({difference}).",
    # Head and tiles
    "report.title": "Simulation of {season}",
    "report.under": "{members} simulated members · {days} days · {runs}",
    "report.tile.cost": "What rewards cost (P50)",
    "report.tile.cost_under": "in an expensive season (P95) {p95}",
    "report.tile.one_run": "one run; no quantiles",
    "report.tile.net": "What is left against no programme",
    "report.tile.anyway": "Rewards for what would have happened anyway",
    "report.tile.interval": "95 % interval {span}",
    "compare.title": "{base} against {candidate}",
    "compare.tile.margin_fen": "Margin after rewards",
    "compare.tile.cost_total_fen": "Cost of rewards",
    "compare.tile.members": "Members with more · with less",
    "compare.tile.up_down": "{up} · {down}",
    "compare.tile.members_under": "by {least} or more in rewards",
    # Axes
    "axis.money": "money",
    "axis.net": "margin gained less cost of rewards",
    "axis.net_change": "change of what is left, effect off",
    "axis.difference": "candidate less base",
    "axis.member_net": "rewards a member, candidate less base",
    "axis.month": "month",
    "axis.members": "members",
    "axis.score": "season score",
    "axis.place": "prize place",
    "axis.share": "share of all rewards",
    "axis.segment": "visits a month without a programme",
    # Cost
    "costs.section": "What it costs",
    "costs.none": "Rewards cost nothing",
    "costs.title": "{kind}: {share} of what rewards cost",
    "costs.note": "Bars: P50 over the runs; whiskers up to P95.",
    "cost.cost_discounts_fen": "Tier discounts",
    "cost.cost_coupons_fen": "Coupons",
    "cost.cost_redeemed_fen": "Points spent",
    "cost.cost_liability_fen": "Points still owed",
    "cost.cost_prizes_fen": "Prizes",
    "cost.cost_tax_fen": "Tax on prizes",
    "cost.cost_total_fen": "Together",
    "money.gain": "Margin gained",
    "money.cost": "Cost of rewards",
    "money.net": "What is left",
    "money.above": "The margin gained covers the cost of rewards",
    "money.below": "The margin gained doesn't cover the cost of rewards",
    "money.budget": "budget",
    "money.note": "Against the same members without a programme. Whiskers: 95 % interval of the "
    "mean.",
    "measure.count": "pieces",
    "measure.cost": "money",
    "measure.stock": "stock",
    # Months
    "months.section": "Month by month",
    "months.title": "Most is given in {month}: {cost}",
    "months.note": "Mean over the runs; prizes in the month they are given, after the season's "
    "end. Points still owed are on the right.",
    "months.owed": "At the end members hold points worth {owed}",
    "months.owed_note": "Worth of all points not yet spent, at each month's end; band: 95 % "
    "interval of the mean.",
    "months.breakage": "Breakage: {share} of the points earned have expired or are expected never "
    "to be spent.",
    # Tiers
    "tiers.section": "Tiers",
    "tiers.title": "{share} of members end above {level}",
    "tiers.note": "Mean over the runs; whiskers: 95 % interval of the mean.",
    "tiers.flows": "{up} rises and {down} falls over the season",
    "tiers.up": "rise",
    "tiers.down": "fall",
    "tiers.every": "Every move by month",
    # Prizes
    "prizes.section": "Prizes",
    "prizes.title": "{board}: the last prize, place {last}, takes a score of {low} to {high}",
    "prizes.band": "Line: P50 of the score that takes the place; band: P5 to P95 over the runs.",
    "prizes.note": "“Winners” counts the different members who take one in any run; “same” is the "
    "mean share of winners that two runs have in common. The members are the same in all runs; "
    "only luck differs. Team boards aren't counted.",
    "prizes.not_comparable": "How stable the winners are isn't told: it takes several runs over "
    "the same members.",
    # Who
    "who.section": "Who gets it",
    "who.title": "{reward} of rewards go to {members} of members: {kind}",
    "who.note": "Bar: share of rewards (points at their worth, discounts, coupons and "
    "prizes); tick: share of members.",
    "who.anyway_title": "{share} of rewards go to visits that would have happened anyway",
    "who.anyway": "would have happened anyway",
    "who.new": "for new visits",
    "who.anyway_note": "Each member's reward, by the share of the visits the member also makes "
    "without a programme on the same draws.",
    "who.concentration": "The tenth of active members with most points have {tenth} of them "
    "(Gini coefficient {gini}).",
    "segment.row": "visits a month: {segment}",
    "segment.none": "none",
    "segment.rare": "up to 0.5",
    "segment.regular": "0.5 to 4",
    "segment.frequent": "over 4",
    # Uncertainty
    "unsure.section": "How sure this is",
    "unsure.about": "Three kinds of not knowing, kept apart. They answer different questions and "
    "are not added up.",
    "unsure.monte_carlo": "Luck (seeds)",
    "unsure.parameter": "Assumptions (draws)",
    "unsure.title": "What moves the result most: {band}",
    "unsure.one_band": "How far luck alone moves what is left",
    "unsure.bands_note": "Dot: median; line: P5 to P95 of single runs.",
    "unsure.effects": "{effect}: the part of the model that matters most",
    "unsure.effects_note": "What is left with one effect switched off, less with all on, paired by "
    "seed; whiskers: 95 % interval.",
    "unsure.monte_carlo_note": "Luck: {runs} with the same assumptions, each with its own draws.",
    "unsure.parameter_note": "Assumptions: {draws} runs on the first seed, each with what members "
    "do for the programme drawn evenly from its range.",
    "unsure.no_draws": "Assumptions: not drawn. --draws 32 makes this band.",
    "unsure.model_note": "Model: each effect of rewards on behaviour switched off in turn.",
    "unsure.no_model": "Model: not varied. --model-form switches each effect off in turn.",
    "effect.goal": "Near a tier or goal",
    "effect.afterglow": "After a reward: more",
    "effect.slump": "After a reward: less",
    "effect.prize": "Near a prize",
    "effect.rank": "Prize out of reach",
    "effect.coupon": "Coupon in hand",
    "effect.gate": "Fill up to a minimum",
    "effect.discount": "Discount on litres",
    "effect.recall": "Recall",
    # Method
    "method.section": "Method and assumptions",
    "method.run": "Each run plays the season day by day through the same rules engine as the live "
    "system; members answer only to what they could see.",
    "method.unaided": "“Without a programme” is the same members on the same draws with every "
    "effect off.",
    "method.money": "Cost is points spent and points expected to be, discounts, coupons, prizes "
    "and tax; margin is at full price, before rewards.",
    "method.statistics": "Means with a Student-t 95 % interval over the runs; P50 and P95 are "
    "quantiles of the runs; chances with Wilson's interval.",
    "method.paired": "Both files were run over the same members and draws, so every difference is "
    "taken seed by seed and only what the files change shows.",
    "method.off": "Switched off in these runs: {effects}.",
    "method.parameters": "The {count} figures of the population ({guessed} of them assumptions)",
    "method.made": "Seeds {seeds} · rules {rules} · result {result} · {versions}",
    "source.S": "source",
    "source.M": "measured",
    "source.A": "assumption",
    # Comparison
    "changes.section": "What the candidate changes",
    "changes.none": "Nothing: both files say the same.",
    "compare.figures_section": "What it comes to",
    "compare.money.more": "The candidate leaves more margin after rewards",
    "compare.money.less": "The candidate leaves less margin after rewards",
    "compare.money.unclear": "The interval of what is left has 0 in it",
    "compare.money.none": "Not a cent of difference in what is left",
    "compare.money_note": "Mean paired difference; whiskers: its 95 % interval.",
    "compare.costs": "{kind} move most: {difference}",
    "compare.costs_same": "No kind of cost changes",
    "compare.reading_note": "A reading of “more” or “less” means the 95 % interval lies on one "
    "side of 0. With some twenty figures, one may do so by chance.",
    "reading.none": "same",
    "reading.more": "more",
    "reading.less": "less",
    "reading.unclear": "can't tell",
    "figure.margin_fen": "Margin after rewards",
    "figure.margin_gross_fen": "Margin before rewards",
    "figure.cost_total_fen": "Cost of rewards",
    "figure.amount_fen": "Sales",
    "figure.liability_fen": "Points held, at full worth",
    "figure.roi": "Return on cost, against none",
    "figure.lift_litres_share": "Litres against none",
    "figure.lift_visits_share": "Visits against none",
    "figure.anyway_share": "Paid for what would have happened anyway",
    "figure.breakage_share": "Breakage",
    "figure.active_members": "Active members",
    "figure.visits": "Visits",
    "figure.points_earned": "Points earned",
    "figure.points_redeemed": "Points spent",
    "figure.coupons_issued": "Coupons issued",
    "figure.coupons_used": "Coupons used",
    "figure.prizes_given": "Prizes given",
    "figure.gini_points": "Concentration of points (Gini)",
    "figure.top_tenth_points_share": "Points of the top tenth",
    "members.section": "Who wins and who loses",
    "members.title": "{up} members get more, {down} get less",
    "members.by_segment": "By how often they come without a programme",
    "members.all": "All members",
    "members.more": "By points and prizes, and all figures",
    "members.note": "Mean over the seeds. A member counts where rewards differ by {least} or more, "
    "points by one, prizes at all. Reward: points at their worth, discounts, coupons and prizes.",
    "members.prizes": "{share} of the base's prize winners win a prize under the candidate too.",
    "moved.reward_fen": "rewards",
    "moved.points": "points",
    "moved.prize_fen": "prizes",
    "tier_moves.section": "Tier moves",
    "tier_moves.said": "Members who end on another level: {members}.",
    "tier_moves.head": "level: base ↓ · candidate →",
    "anyway.section": "Paid for what they'd have done anyway",
    "anyway.said": "{candidate} of the candidate's rewards go to visits that would have happened "
    "anyway, {base} of the base's ({difference}).",
    # Table heads
    "head.cost": "cost",
    "head.mean": "mean",
    "head.interval": "95 % interval",
    "head.p50": "P50",
    "head.p95": "P95",
    "head.budget": "budget or stock",
    "head.measure": "in",
    "head.limit": "limit",
    "head.used": "used, mean",
    "head.runs_out": "runs out or is broken",
    "head.month": "month",
    "head.earned": "points earned",
    "head.used_points": "spent",
    "head.expired": "expired",
    "head.outstanding": "still held",
    "head.owed": "worth",
    "head.expected": "expected to be spent",
    "head.breakage": "breakage",
    "head.from": "from",
    "head.to": "to",
    "head.members": "members",
    "head.board": "board",
    "head.places": "places",
    "head.reward": "reward",
    "head.given": "given",
    "head.cutoff": "cutoff, P50",
    "head.cutoff_span": "cutoff, P5 to P95",
    "head.winners": "winners",
    "head.steady": "same",
    "head.group": "members by",
    "head.rewards": "rewards",
    "head.reward_member": "a member",
    "head.anyway": "anyway",
    "head.gain": "margin gained",
    "head.parameter": "figure",
    "head.unit": "unit",
    "head.source": "source",
    "head.note": "note",
    "head.value": "value",
    "head.range": "range",
    "head.figure": "figure",
    "head.reading": "reading",
    "head.base": "base",
    "head.candidate": "candidate",
    "head.difference": "difference",
    "head.moved": "by",
    "head.gainers": "with more",
    "head.losers": "with less",
    "head.gained": "gained together",
    "head.lost": "lost together",
    # Forecast
    "forecast.title": "Forecast of {season}",
    "forecast.under": "{members} members · as of {time} · until {ends} · {runs}",
    "forecast.cost": "The season will cost {p50}, nine times in ten between {p5} and {p95}; "
    "{so_far} of it is given already.",
    "forecast.broken": "Prizes go over the budget “{name}” with a chance of {share}.",
    "forecast.out": "“{name}” runs out with a chance of {share}.",
    "forecast.hold": "No budget or stock runs out in any run.",
    "forecast.tile.cost": "Cost of the whole season (P50)",
    "forecast.tile.so_far": "Given so far",
    "forecast.as_of": "as of {time}",
    "forecast.costs": "What the whole season costs, by kind",
    "forecast.costs_note": "Bars: P50 over the runs; whiskers P5 to P95. Given so far included.",
    "forecast.chances": "Who may take a prize",
    "forecast.chances_note": "The best of {count} with a chance at any prize; chances.csv has "
    "them all. The interval says how sure the runs make it.",
    "forecast.method": "How this was made",
    "forecast.how": "Each run goes on from a copy of the running season. Its members are drawn by "
    "what each has shown: visits, how long ago the last one was, fills and tasks; the rest comes "
    "from the population file. Bands are right from {least} runs on.",
    "head.so_far": "so far",
    "head.p5": "P5",
    "head.holder": "member or team",
    "head.chance": "chance",
    "head.score_now": "score now",
    "head.score_end": "score at the end",
}
