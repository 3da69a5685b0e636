"""Start the pages: one language for all of them, then the page the person chose."""

import streamlit as st

from ui.parts import address
from ui.parts.markup import use_style
from ui.texts import LANGUAGES, texts

SIDEBAR_PX = 210

st.set_page_config(
    page_title="Forecourt",
    page_icon=":material/local_gas_station:",
    layout="wide",
    initial_sidebar_state=SIDEBAR_PX,
)
address.adopt()
words = texts(address.language())
use_style()

page = st.navigation(
    [
        st.Page(
            "app_pages/standings.py",
            title=words("page.standings"),
            icon=":material/leaderboard:",
            url_path="standings",
            default=True,
        ),
        st.Page(
            "app_pages/prizes.py",
            title=words("page.prizes"),
            icon=":material/redeem:",
            url_path="prizes",
        ),
        st.Page(
            "app_pages/forecast.py",
            title=words("page.forecast"),
            icon=":material/insights:",
            url_path="forecast",
        ),
        st.Page(
            "app_pages/members.py",
            title=words("page.members"),
            icon=":material/badge:",
            url_path="members",
        ),
        st.Page(
            "app_pages/coupons.py",
            title=words("page.coupons"),
            icon=":material/confirmation_number:",
            url_path="coupons",
        ),
        st.Page(
            "app_pages/reports.py",
            title=words("page.reports"),
            icon=":material/bar_chart:",
            url_path="reports",
        ),
        st.Page(
            "app_pages/rules.py",
            title=words("page.rules"),
            icon=":material/gavel:",
            url_path="rules",
        ),
        st.Page(
            "app_pages/simulate.py",
            title=words("page.simulate"),
            icon=":material/science:",
            url_path="simulate",
        ),
        st.Page(
            "app_pages/operations.py",
            title=words("page.operations"),
            icon=":material/monitor_heart:",
            url_path="operations",
        ),
    ]
)
with st.sidebar:
    st.segmented_control(
        words("page.language"),
        LANGUAGES,
        format_func=lambda language: words(f"lang.{language}"),
        key="lang",
        required=True,
    )
address.turned_to(page.url_path)
page.run()
