"""The live system: shards, gateway, keeper and the store under them."""

import sys

from rules.without_pandas import leave_pandas_out

# An actor's process, and those that start them: nothing there converts to pandas.
if sys.argv[0].endswith("default_worker.py") or sys.argv[1:2] in (["serve"], ["demo"]):
    leave_pandas_out()
