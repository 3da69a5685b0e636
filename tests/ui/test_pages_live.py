"""The pages on a real season: traffic sent to a running system, seen in a browser, then final."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

import ui
from tests.ui.test_pages_browser import TOFU, looking, picture
from ui.client import Client
from ui.parts.figures import number

SEASON = Path(ui.__file__).parents[1] / "seasons" / "summer-2026.toml"
ADMIN_KEY = "admin-key-of-the-page-test-0123456789"
MEMBERS, DAYS = 200, 8


def forecourt(*words: str) -> list[str]:
    return [sys.executable, "-c", "from ui.commands import main; main()", *words]


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, str, str]]:
    """Serve the season, send it some days of traffic; give a client, its address, the pages'."""
    folder = tmp_path_factory.mktemp("season")
    log, port, pages_port = folder / "log.ndjson", free_port(), free_port()
    address, key = f"http://127.0.0.1:{port}", {**os.environ, "FORECOURT_ADMIN_KEY": ADMIN_KEY}
    size = ("--members", str(MEMBERS), "--days", str(DAYS))
    subprocess.run(forecourt("traffic", str(SEASON), *size, "--out", str(log)), check=True)
    ports = ("--port", port, "--ui-port", pages_port, "--shards", "1")
    serving = forecourt(
        "serve", str(SEASON), "--data", str(folder / "data"), "--clock", "events", *ports
    )
    said = folder / "serve.log"
    with said.open("w") as errors:
        process = subprocess.Popen(
            serving, env=key, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        assert process.stdout is not None
        try:
            if not any(line.startswith("ready http") for line in process.stdout):
                pytest.fail(f"the system did not start:\n{said.read_text()}")
            to = ("--url", address, "--key", ADMIN_KEY)
            subprocess.run(forecourt("send", str(log), *to), check=True)
            client = Client(address, ADMIN_KEY)
            pages = f"http://127.0.0.1:{pages_port}"
            # The pages' server opens its port a little after the system is ready.
            with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as patient:
                assert patient.get(f"{pages}/_stcore/health").text == "ok"
            yield client, address, pages
            client.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
            process.stdout.close()


def test_a_season_is_watched_to_its_end(
    browser: Browser, season: tuple[Client, str, str], pictures: Path
) -> None:
    client, address, pages = season
    first = client.standings("overall", limit=3)
    leader = first.rows[0]
    with looking(browser, pages, "zh-CN") as page:
        expect(page.locator(".fc-step-1 .fc-score")).to_have_text(f"{number(leader.score)} 分")
        expect(page.locator(".fc-board")).to_contain_text(leader.name or "no masked name")
        expect(page.locator(".fc-cut")).to_have_count(len(first.cut_lines))
        expect(page.locator(".fc-small")).to_contain_text("时钟随事件走")
        expect(page.locator("[data-testid='stVegaLiteChart'] svg.marks")).to_have_count(1)
        seen = page.locator("body").inner_text()
        assert leader.member not in seen
        assert page.evaluate(TOFU, seen) == []
        picture(page, pictures, "live-standings-zh")
    with looking(browser, f"{pages}/?member={first.rows[2].member}") as page:
        expect(page.locator(".fc-card h3")).to_have_text("Why rank 3")
    with looking(browser, f"{pages}/prizes", "en-GB", "dark") as page:
        cost = client.prizes().total
        expect(page.locator(".fc-tile-main")).to_contain_text(f"¥{cost.total:,.2f}")
        picture(page, pictures, "live-prizes-en")
        to = ("--url", address, "--key", ADMIN_KEY)
        subprocess.run(forecourt("season", "finalise", *to), check=True)
        final = client.season(hours=0).standings_hash
        assert final is not None
        expect(page.locator(".fc-hash")).to_have_text(final)
        expect(page.locator(".fc-countdown")).to_have_text("places are frozen")
        picture(page, pictures, "live-final-en")
