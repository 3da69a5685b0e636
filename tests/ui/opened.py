"""Open pages with Streamlit's own test driver, and read what they show."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

import ui

APP = Path(ui.__file__).with_name("app.py")


def opened(visit: str, locale: str = "en-GB", **asked: str) -> AppTest:
    """Open a page with the parameters a link would have."""
    app = AppTest.from_file(APP, default_timeout=60)
    app.context["locale"] = locale
    app.context["url"] = f"http://pages.test/{visit}"
    app.run()
    app.switch_page(f"app_pages/{visit}.py").run()
    # Turning to a page begins it anew; only now the parameters are those of its link.
    app.query_params.update(asked)
    app.run()
    assert not app.exception, app.exception
    return app


def shown(app: AppTest) -> str:
    """Give all markup of the page."""
    assert not app.exception, app.exception
    return "\n".join(element.body for element in app.html)
