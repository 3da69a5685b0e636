"""Synthetic traffic, and the offline replay of recorded logs."""

import multiprocessing
import sys

from rules.without_pandas import leave_pandas_out

REPLAYING = "forecourt-replay"
"""Begins the names of the processes that replay a log together."""

# A process that simulates or replays for another one: nothing there converts to pandas.
if sys.argv[0].endswith("default_worker.py") or multiprocessing.current_process().name.startswith(
    REPLAYING
):
    leave_pandas_out()
