"""How a delay is found from what readers saw."""

from __future__ import annotations

import numpy as np

from loadtests.bench._listeners import delays_s


def test_a_body_is_seen_with_the_first_state_as_new_as_it() -> None:
    seen = {b"t1": [10.0, 10.5], b"t3": [12.0, 12.25]}
    sent = [(b"t0", 9.5), (b"t1", 9.75), (b"t2", 11.0), (b"t4", 13.0)]
    assert np.allclose(delays_s(seen, sent), [0.5, 1.0, 0.25, 0.75, 1.0, 1.25])
    assert len(delays_s({}, sent)) == 0
