"""The sentences of the tuning report in Chinese."""

from __future__ import annotations

from typing import Final

PHRASES: Final = {
    "tune.title": "{season}：规则调优",
    "tune.under": "{members} 名模拟会员 · 试了 {tried} 份规则 · 运行 {runs} 次 · 目标：{aim}",
    "tune.aim.max": "{figure}尽可能高",
    "tune.aim.min": "{figure}尽可能低",
    # Verdict
    "tune.better": "改动{values}更好：与现行规则相比，{figure}变化 {difference}"
    "（95% 区间 {span}，{seeds} 个搜索时未用过的种子）。",
    "tune.unclear": "数据无法判断找到的最佳规则是否好于现行规则："
    "在 {seeds} 个搜索时未用过的种子上，"
    "{figure}变化 {difference}（95% 区间 {span}）。保留现行规则同样可以。",
    "tune.same": "找到的最佳规则在 {seeds} 个搜索时未用过的种子上，{figure}与现行规则完全相同。",
    "tune.worse": "守住预算的最佳规则，{figure}比现行规则差 {difference}"
    "（95% 区间 {span}，{seeds} 个搜索时未用过的种子）；现行规则超出预算。",
    "tune.today": "没有试出比现行规则更好的：保留现行规则。另外试了 {tried} 份。",
    "tune.none": "试过的 {tried} 份规则没有一份守住所有预算，未写 best.toml。"
    "请放宽预算或扩大搜索范围。",
    "tune.values.one": "一个值",
    "tune.values.more": " {n} 个值",
    "tune.change": "{path}：{today} → {best}",
    "tune.limit": "{figure}（{statistic}）{sign} {bound}",
    "tune.of_today": "现行的 {share}",
    "tune.statistic.mean": "均值",
    "tune.statistic.p05": "P05",
    "tune.statistic.p50": "P50",
    "tune.statistic.p95": "P95",
    "tune.kept": "预算 {budget}：{value}，在限额 {bound} 之内；现行规则 {today}。",
    "tune.broken": "预算 {budget}：{value}，超出限额 {bound}；现行规则 {today}。",
    "tune.today_breaks": "现行规则不满足预算 {budget}：{value}，限额 {bound}。",
    "tune.curse": "搜索时看起来是 {searched}，换用新种子为 {fresh}。"
    "众多候选中的最佳者总是显得比实际更好，"
    "因此只看新种子的数字。",
    "tune.nearer": "搜索中排名更高的 {n} 份在新种子上超出预算或差于现行规则，已跳过。",
    "tune.invalid": "{n} 种组合不是有效的规则文件，已跳过，原因见 trials.csv。",
    "tune.more_seeds": "大约再增加 {more} 个种子即可判断。",
    # Tiles
    "tune.tile.goal": "{figure}，与现行规则相比",
    "tune.tile.cost": "花费偏高时的奖励成本（P95）",
    "tune.tile.active": "活跃会员",
    "tune.tile.today": "现行规则 {today}",
    # Sections
    "tune.changes": "改什么",
    "tune.no_changes": "什么都不改：保留现行的值。",
    "tune.confirmed": "换用新种子验证",
    "tune.confirmed_title": "入围规则的{figure}，与现行规则相比",
    "tune.confirmed_note": "{seeds} 个搜索时未用过的种子上的成对差值均值；线段为 95% 区间。",
    "tune.finalist": "规则 {n}",
    "tune.best_finalist": "规则 {n}，最佳",
    "tune.figures_title": "最佳规则与现行规则，新种子",
    "tune.front": "毛利与成本的取舍",
    "tune.front_title": "互不全面胜出的规则",
    "tune.front_note": "每个点是试过的一份规则。“前沿”：没有另一份同时毛利更高、成本 P95 更低、"
    "活跃会员更多；线连起其中花得更多、剩得也更多的。",
    "tune.front_about": "数字来自搜索：现行规则取全部种子，其余规则加上在其所用种子上"
    "与现行规则的差值。“预算”一栏也据此判断。",
    "tune.dot.tried": "试过",
    "tune.dot.front": "前沿",
    "tune.dot.today": "现行",
    "tune.dot.best": "最佳",
    "tune.axis.difference": "减去现行规则",
    "tune.axis.cost": "奖励成本，P95",
    "tune.axis.margin": "扣除奖励后的毛利，均值",
    "tune.values": "每个值的作用",
    "tune.values_note": "取某个值的规则的平均{figure}，减去全部规则的平均。这些规则的其他值也不同，"
    "所以只是提示，不是证明。",
    "tune.method": "如何搜索",
    "tune.method.space": "搜索范围有 {knobs} 个值、{size} 种组合，试了 {tried} 种。",
    "tune.method.spread": "先在范围内均匀取 {screen} 份（Sobol 序列），再按已知结果提出 {search} 份"
    "（Optuna 的 Parzen 估计与最佳者的邻近值）；最后把改回现行值也不差的值改回。",
    "tune.method.whole": "试遍了所有组合。",
    "tune.method.rungs": "规则依次用 {rungs} 个种子：每次较好的三分之一继续；"
    "在同一批随机数下确实差于当前"
    "最佳者的不再继续。",
    "tune.method.paired": "每份规则与现行规则用同一批随机数。每个种子的会员也重新抽取，"
    "因此区间适用于同一人群的"
    "其他会员。",
    "tune.method.fresh": "入围规则用 {seeds} 个新种子验证，按搜索中的名次排列：若按新种子挑选，"
    "新种子也就不新了。",
    "tune.kept_short": "守住",
    "tune.broken_short": "超出",
    "tune.head.path": "值",
    "tune.head.today": "现行",
    "tune.head.best": "最佳",
    "tune.head.file": "规则",
    "tune.head.budgets": "预算",
    "tune.head.seeds": "种子",
    "tune.head.margin": "扣除奖励后的毛利",
    "tune.head.cost": "成本 P95",
    "tune.head.active": "活跃会员",
    "tune.head.changes": "改动",
    "tune.head.files": "规则份数",
    "tune.head.searched": "搜索时",
    "tune.head.fresh": "新种子",
    "tune.head.option": "取值",
    "tune.head.effect": "目标",
}
