"""Reads, plain and crooked ones, as method, path and query, and body; MEMBER stands for one."""

STANDINGS, MEMBERS, RANKS = "/v1/standings/overall", "/v1/members", "/v1/ranks"

COMMON = (
    ("GET", STANDINGS, None),
    ("GET", f"{STANDINGS}?limit=0", None),
    ("GET", f"{STANDINGS}?around=MEMBER", None),
    ("GET", f"{MEMBERS}/MEMBER", None),
    ("GET", f"{MEMBERS}/nobody", None),
    ("POST", RANKS, b'{"members":["MEMBER","nobody","MEMBER"]}'),
    ("POST", RANKS, b"{"),
)
"""Those that every kind of caller sends."""

QUERIES = (
    "limit=3", "limit=003&cursor=2", "limit=3&limit=2", "limit=1001", "limit=%32", "limit=+2",
    "limit=2.0", "limit=", "limit", "cursor=-1", "cursor=1e3", "cursor=", "cursor=999999999999",
    "around=MEMBER&span=1", "around=MEMBER&span=101", "around=nobody", "around=", "span=0",
    "other=1&limit=2", "season=test-season", "season=none", "season=", "%FF=%FF&limit=2",
)  # fmt: skip
BOARDS = ("teams?limit=2", "%6Fverall", "overall%2Fx", "overall%0A", "none?limit=0", "", "a/b")
NAMES = ("%E5%BC%A0?x=1", "a%2Fb", "%0A", "MEMBER%0A", "%FF", "", "lookup", "MEMBER/none")
BODIES = (
    b'{"members":[],"board":null}', b'{"members":["MEMBER"],"board":"teams"}',
    b'{"members":["MEMBER"],"board":"none"}', b'{"members":["MEMBER"],"other":1}',
    b'{"members":["\\ud800"]}', b'{"members":["\xff"]}', b'{"members":["\\u0000"]}',
    b'{"members":[7]}', b'{"members":"MEMBER"}', b'{"members":["a"],"board":7}', b'["MEMBER"]',
    b" ", b'\xef\xbb\xbf{"members":["MEMBER"]}', b'{"members":[' + b'"m",' * 10_000 + b'"m"]}',
)  # fmt: skip

READS = (
    *COMMON,
    *(("GET", f"{STANDINGS}?{query}", None) for query in QUERIES),
    *(("GET", f"/v1/standings/{board}", None) for board in BOARDS),
    *(("GET", f"{MEMBERS}/{name}", None) for name in NAMES),
    *(("POST", RANKS, body) for body in BODIES),
    ("HEAD", STANDINGS, None),
    ("DELETE", STANDINGS, None),
    ("GET", RANKS, None),
)
