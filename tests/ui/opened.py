"""Open pages with Streamlit's own test driver, and read what they show."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest

import ui

APP = Path(ui.__file__).with_name("app.py")


@cache
def components() -> BidiComponentManager:
    """Look through the installed packages for components once: it takes longer than a page."""
    manager = BidiComponentManager()
    manager.discover_and_register_components(start_file_watching=False)
    return manager


def driver(locale: str, address: str = "") -> AppTest:
    """Give a person's browser, as it were, before it opened anything."""
    app = AppTest.from_file(APP, default_timeout=60)
    app.context["locale"] = locale
    app.context["url"] = f"http://pages.test/{address}"
    # `AppTest` has no argument for it; every driver would look through all packages anew.
    app._bidi_component_manager = components()
    return app


def opened(visit: str, locale: str = "en-GB", **asked: str) -> AppTest:
    """Open a page by a link with parameters."""
    app = driver(locale, visit)
    app.switch_page(f"app_pages/{visit}.py")
    app.query_params.update(asked)
    app.run()
    assert not app.exception, app.exception
    return app


def shown(app: AppTest) -> str:
    """Give all markup of the page."""
    assert not app.exception, app.exception
    return "\n".join(element.body for element in app.html)
