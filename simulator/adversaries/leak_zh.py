"""The sentences of the adversaries report in Chinese."""

from __future__ import annotations

from typing import Final

PHRASES: Final = {
    "leak.title": "{season}：作弊者能拿走什么",
    "leak.under": "{members} 名模拟会员中混入 {agents} 个作弊者 · {runs}",
    "leak.none": "作弊者没有比诚实的对照者多得：在这里试过的规则上多得 {before}。",
    "leak.verdict": "{agents} 个作弊者比购买同样油量的诚实会员多得 {leak}（{span}），"
    "平均每个 {each}。",
    "leak.most": "其中最大的一项 {fen}：{kind}，途径是{rule}。",
    "leak.no_leak_kinds": "现行规则已经挡住：{kinds}。",
    "leak.crowded": "每次模拟中有 {count} 份奖品（共值 {fen}）因此没有落到诚实会员手里。",
    "leak.not_crowded": "这些模拟中没有诚实会员因此失去奖品。",
    "leak.closed": "按下文修改规则，可堵住 {share} 的漏损；诚实会员少得 {cost}。",
    "leak.closed_free": "按下文修改规则，可堵住 {share} 的漏损，诚实会员不受损失。",
    "leak.not_closed": "试过的改动中，没有一项堵住的多于从诚实会员身上拿走的。",
    "leak.tile.total": "漏损：作弊者比诚实对照者多得",
    "leak.tile.each": "每个作弊者多得",
    "leak.tile.crowd": "失去奖品的诚实会员",
    "leak.tile.crowd_under": "奖品价值 {fen}",
    "leak.tile.after": "修改后的漏损",
    "leak.tile.closed": "堵住 {share}",
    "leak.kinds": "谁拿走的",
    "leak.kinds_title": "各类作弊者的漏损",
    "leak.kinds_note": "线段为均值的 95% 区间。双方购买的油量相同。",
    "leak.rules": "通过哪条规则",
    "leak.rules_title": "漏损最大的规则",
    "leak.rules_note": "颜色同上图，按作弊者种类。小于 0：作弊者因作弊而放弃的，"
    "例如共用一张卡的每位司机各自的新人券。",
    "leak.all_rules": "全部规则",
    "leak.stopped": "现行规则已经挡住的",
    "leak.stopped_none": "作弊者的请求没有一次被拒绝。",
    "leak.stopped_note": "作弊者的请求被拒绝的次数，按请求类型；多次模拟的均值。",
    "leak.closes": "怎样堵住",
    "leak.closes_none": "没有试任何改动。",
    "leak.closes_note": "每项改动单独试过，作弊与不作弊各一遍，用前 {seeds}。"
    "“诚实会员少得”指无人作弊时，人群中的会员在改动后少得多少，以及其中多少人少得 {least}及以上。"
    "“推荐”：在随机数可以判断的范围内，堵住的多于拿走的。漏损只算改动所针对的作弊者："
    "一类作弊者拿不到的奖品可能落到另一类手里。",
    "leak.together": "推荐的改动合在一起：漏损由 {before} 降到 {after}（堵住 {share}）；"
    "诚实会员少得 {cost}。已写入 closes.toml：",
    "leak.together_note": "对同一个值的多项改动，只取净效果最好的一项。",
    "leak.remains": "大半仍未堵住：{kinds}。试过的改动堵住的少于从诚实会员身上拿走的；"
    "这类账户需要人工核查。",
    "leak.method": "如何得出",
    "leak.method.twin": "每个作弊者都有一个诚实的对照者：同样的人、同样的时间、同样的用油需要，"
    "每人一个账户，每次到站一笔交易，不退货。漏损是作弊者比对照者多得的部分，逐个种子相减。",
    "leak.method.worth": "积分按兑换时的价值计，退款后欠而未还的积分算作已得；优惠券按抵扣额，"
    "等级按折扣，奖品按成本加税。",
    "leak.method.split": "一笔交易的奖励积分，按各倍率对总倍率的贡献分摊；"
    "退款从当初给分的规则中扣回。",
    "leak.method.scale": "作弊者的数量由 --agents 指定，不是结论：请看每个作弊者的漏损，"
    "以及堵漏与诚实会员损失之比。",
    "leak.figures": "作弊者的 {count} 个参数，来源如表",
    "leak.kind.ring": "自荐圈",
    "leak.kind.refund_cycling": "退款循环",
    "leak.kind.order_splitting": "拆单",
    "leak.kind.shared_cards": "多人共卡",
    "leak.kind.coupon_races": "抢券",
    "leak.what.ring": "自荐圈：一个人开多个账户互相推荐，每个账户只买推荐奖励要求的最低额。",
    "leak.what.refund_cycling": "退款循环：为升级或上榜买入商品，好处到手后退货。",
    "leak.what.order_splitting": "拆单：一次加油拆成几笔，升级按笔数算，或每笔各用一张券。",
    "leak.what.shared_cards": "多人共卡：几位司机共用一个账户，冲等级和排行榜。",
    "leak.what.coupon_races": "抢券：同一张券在同一秒于多个收银台使用，释放后再用；"
    "领券和兑换同时发出多个请求。",
    "leak.rule.referral": "推荐奖励",
    "leak.rule.earning": "积分规则 {name}",
    "leak.rule.multiplier": "倍率 {name}",
    "leak.rule.tasks": "任务 {name}",
    "leak.rule.triggers": "自动发券 {name}",
    "leak.rule.coupons": "优惠券 {name}",
    "leak.rule.tiers": "{name}的折扣",
    "leak.rule.prizes": "{name}（{board}）",
    "leak.rule.points.clawback": "欠而未还的积分",
    "leak.rule.points.expire_after": "积分过期",
    "leak.head.kind": "作弊者",
    "leak.head.agents": "数量",
    "leak.head.accounts": "账户",
    "leak.head.litres": "油量（升）",
    "leak.head.leak": "漏损",
    "leak.head.interval": "95% 区间",
    "leak.head.each": "每个",
    "leak.head.refused": "被拒",
    "leak.head.rule": "规则",
    "leak.head.path": "文件中",
    "leak.head.points": "积分",
    "leak.head.asked": "请求",
    "leak.head.reason": "答复",
    "leak.head.count": "次数",
    "leak.head.change": "改动",
    "leak.head.against": "针对",
    "leak.head.leak_to": "漏损",
    "leak.head.closed": "堵住",
    "leak.head.honest": "诚实会员少得",
    "leak.head.losers": "受损人数",
    "leak.head.worth": "推荐",
    "leak.yes": "是",
    "leak.no": "否",
    "leak.axis": "漏损",
}
