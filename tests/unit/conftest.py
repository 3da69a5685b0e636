"""What tests of the pages' logic share: answers as they were recorded, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ui.recorded import Recorded, recorded_answers


@pytest.fixture(scope="module")
def server() -> Iterator[Recorded]:
    with recorded_answers() as running:
        yield running


@pytest.fixture
def system(server: Recorded, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """Point the pages to the recorded answers, as they were at first."""
    monkeypatch.setenv("FORECOURT_URL", server.url)
    monkeypatch.setenv("FORECOURT_KEY", server.key)
    server.choose()
    return server
