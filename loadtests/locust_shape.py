"""Locust's shape of a run: given to Locust beside the users where a shape is wanted."""

from __future__ import annotations

import os

from locust import LoadTestShape

from loadtests.shapes import users_at


class Shape(LoadTestShape):
    """Follows the course named by FORECOURT_SHAPE, with Locust's own users and run time."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """Tell Locust how many users act now."""
        assert self.runner is not None
        options = self.runner.environment.parsed_options
        assert options is not None
        run_s = float(options.run_time or 60)
        passed_s: float = self.get_run_time()  # type: ignore[no-untyped-call]  # Locust's own
        return users_at(os.environ["FORECOURT_SHAPE"], options.num_users, passed_s, run_s)
