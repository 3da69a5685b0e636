"""Judge events one at a time, the plain way, straight from the season file's meaning."""

from tests.oracle.judge import Answer, Oracle

__all__ = ["Answer", "Oracle"]
