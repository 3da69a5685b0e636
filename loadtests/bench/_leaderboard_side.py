"""The side of the `leaderboard` package, run by a Python of its own: it needs redis-py below 3.

Imports nothing but that and the standard library. Reads one JSON object with a job on each
line of stdin and answers with one of {"s": seconds} on stdout; the names are in `peers`.
"""

import json
import sys
import time
from typing import Any

PAGE_ROWS = 100


def run(board: Any, job: dict[str, Any]) -> float:
    """Do one job and return the seconds it took."""
    members, scores = job.get("members", []), job.get("scores", [])
    pairs = [part for pair in zip(members, scores, strict=True) for part in pair] if scores else []
    began = time.perf_counter()
    if job["do"] == "change one by one":
        for member, score in zip(members, scores, strict=True):
            board.rank_member(member, score)
    elif job["do"] == "change":
        board.rank_members(pairs)
    elif job["do"] == "ranks one by one":
        for member in members:
            board.rank_for(member)
    elif job["do"] == "ranks":
        board.ranked_in_list(members)
    elif job["do"] == "page":
        board.leaders(1, page_size=PAGE_ROWS)
    else:
        board.around_me(members[0], page_size=11)
    return time.perf_counter() - began


def main() -> None:
    """Answer jobs until stdin ends."""
    from leaderboard.leaderboard import Leaderboard  # type: ignore[import-not-found]  # not of here

    port, name = int(sys.argv[1]), sys.argv[2]
    board = Leaderboard(name, host="127.0.0.1", port=port, db=0)
    for line in sys.stdin:
        print(json.dumps({"s": run(board, json.loads(line))}), flush=True)


if __name__ == "__main__":
    main()
