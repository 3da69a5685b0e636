"""Speak to the HTTP interface with types: one method a path.

The pages call nothing else. A call blocks until the answer is there, at most `timeout_s`.
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from ui.answers import (
    Campaigns,
    Claims,
    Coupons,
    Draft,
    Explanation,
    Lots,
    Member,
    Plan,
    Prizes,
    Ranks,
    Report,
    RulesFile,
    Season,
    SegmentCounts,
    SegmentMembers,
    Standings,
    Statement,
    Why,
)
from ui.answers.calibration import Uploaded
from ui.answers.forecast import Forecast
from ui.answers.operations import Audit, Keys, Operations
from ui.answers.simulation import Offers, Removed, ShippedSeasons, Simulation, Simulations
from ui.connection import Connection, Parameters
from ui.troubles import Unreadable

ROWS_MAX = 1000
CARD_VALID_S = 600
TOML = "application/toml"
OCTETS = "application/octet-stream"
PART_BYTES = 2 << 20
SLOW_S = 60.0
"""What reckons over every member may take longer than a page waits for its rows."""


class Client(Connection):
    """A connection with a method for every path; each of them may raise CallFailed."""

    def season(self, hours: int | None = None) -> Season:
        """Give the season; `hours` limits the points per hour to the last so many (0: none)."""
        return self._get("/v1/season", Season, {} if hours is None else {"hours": hours})

    def standings(self, board: str, after: int = 0, limit: int = 50, season: str = "") -> Standings:
        """Give `limit` rows of `board` from rank `after` + 1 on, also of the season before."""
        parameters: Parameters = {"limit": limit}
        if after:
            parameters["cursor"] = str(after)
        if season:
            parameters["season"] = season
        return self._get(f"/v1/standings/{quote(board, safe='')}", Standings, parameters)

    def around(self, board: str, member: str, span: int) -> Standings:
        """Give the rows from `span` above `member` to `span` below."""
        return self._get(
            f"/v1/standings/{quote(board, safe='')}", Standings, {"around": member, "span": span}
        )

    def prizes(self) -> Prizes:
        """Give the allocation of all prizes."""
        return self._get("/v1/prizes", Prizes, {})

    def claims(self) -> Claims:
        """Give what became of every prize of the published list."""
        return self._get("/v1/prizes/claims", Claims, {})

    def member(self, member: str) -> Member:
        """Give one member's points, tier and places."""
        return self._get(f"/v1/members/{quote(member, safe='')}", Member, {})

    def card(self, member: str, language: str) -> bytes:
        """Give a member's electronic card as SVG; its code is good for ten minutes."""
        return self._answered(
            "GET",
            f"/v1/members/{quote(member, safe='')}/card.svg",
            {"lang": language, "valid_s": CARD_VALID_S},
        ).content

    def lots(self, member: str) -> Lots:
        """Give what is left of a member's points by when it expires."""
        return self._get(f"/v1/members/{quote(member, safe='')}/lots", Lots, {})

    def coupons(self, member: str) -> Coupons:
        """Give a member's coupons, the first-expiring first."""
        return self._get(f"/v1/members/{quote(member, safe='')}/coupons", Coupons, {})

    def statement(self, member: str, after: int = 0, limit: int = 20) -> Statement:
        """Give `limit` movements of a member's points after the first `after`."""
        parameters: Parameters = {"limit": limit}
        if after:
            parameters["cursor"] = str(after)
        return self._get(f"/v1/members/{quote(member, safe='')}/statement", Statement, parameters)

    def event(self, member: str, event_id: str) -> Explanation:
        """Explain one event of a member."""
        path = f"/v1/members/{quote(member, safe='')}/events/{quote(event_id, safe='')}"
        return self._get(path, Explanation, {})

    def why(self, board: str, member: str) -> Why:
        """Explain a member's rank on a board."""
        path = f"/v1/standings/{quote(board, safe='')}/why/{quote(member, safe='')}"
        return self._get(path, Why, {})

    def segments(self) -> SegmentCounts:
        """Count the members of every segment."""
        return self._get("/v1/segments", SegmentCounts, {})

    def segment(self, segment: str, limit: int) -> SegmentMembers:
        """Count one segment and give its first members."""
        path = f"/v1/segments/{quote(segment, safe='')}"
        return self._get(path, SegmentMembers, {"limit": limit})

    def campaigns(self) -> Campaigns:
        """Give the campaigns that ran."""
        return self._get("/v1/campaigns", Campaigns, {})

    def campaign(self, campaign: dict[str, object], preview: bool = True) -> Plan:
        """Tell what a campaign would do; with `preview` false (an admin's) send it."""
        body = msgspec.json.encode({"campaign": campaign, "preview": preview})
        return self._call("POST", "/v1/campaigns", Plan, {}, body, timeout_s=SLOW_S)

    def report(
        self, name: str, by: str = "", first: str = "", last: str = "", within_days: int = 0
    ) -> Report:
        """Give a report of the local days `first` to `last`, both included, where given."""
        asked = _report_parameters(by, first, last, within_days)
        return self._call(
            "GET", f"/v1/reports/{quote(name, safe='')}", Report, asked, None, timeout_s=SLOW_S
        )

    def report_file(
        self, name: str, file_format: str, by: str = "", first: str = "", last: str = ""
    ) -> bytes:
        """Give a report as a `csv` or `parquet` file."""
        asked = _report_parameters(by, first, last, 0) | {"format": file_format}
        path = f"/v1/reports/{quote(name, safe='')}"
        return self._answered("GET", path, asked, timeout_s=SLOW_S).content

    def operations(self) -> Operations:
        """Give how the system does: rates, lags, processes, budgets, load reports."""
        return self._get("/v1/operations", Operations, {})

    def audit(self, limit: int) -> Audit:
        """Give the newest entries of the audit trail: an admin's to read."""
        return self._get("/v1/audit", Audit, {"limit": limit})

    def keys(self) -> Keys:
        """Give the keys without their secrets: an admin's to read."""
        return self._get("/v1/keys", Keys, {})

    def rules(self) -> RulesFile:
        """Give the season file in force."""
        return self._get("/v1/season/rules", RulesFile, {})

    def draft(self, text: str) -> Draft:
        """Tell what a draft of the season file says and changes; nothing is put in force."""
        return self._put_rules(text, {"dry_run": "true"})

    def change_rules(self, text: str, accept_adverse: bool) -> Draft:
        """Put a new version of the season file in force: an admin's to do."""
        return self._put_rules(text, {"accept_adverse": "true" if accept_adverse else "false"})

    def forecast(self, made_us: int = 0) -> Forecast:
        """Give the forecast made last, or the one made at an instant (µs UTC)."""
        return self._get("/v1/forecast", Forecast, {"made": str(made_us)} if made_us else {})

    def simulations(self) -> Simulations:
        """Give the simulations that are kept, the newest first, without what they found."""
        return self._get("/v1/simulations", Simulations, {})

    def simulation(self, simulation: str) -> Simulation:
        """Give one simulation; once it is done with what it found."""
        path = f"/v1/simulations/{quote(simulation, safe='')}"
        one = self._get(path, Simulation, {})
        try:
            # What it found is decoded by its kind; that it can be is told here, not by the page.
            one.summary, one.found, one.leaks, one.calibrated, one.judged  # noqa: B018
        except msgspec.DecodeError as odd:
            raise Unreadable(url=self.url, path=path, detail=str(odd)) from odd
        return one

    def simulate(self, asked: dict[str, object]) -> Simulation:
        """Ask for a simulation; errors of a season file come as the faults of Refused."""
        body = msgspec.json.encode(asked)
        return self._call("POST", "/v1/simulations", Simulation, {}, body, timeout_s=SLOW_S)

    def upload_log(self, kind: str, content: bytes) -> str:
        """Upload a log in parts, as `csv`, `ndjson` or `parquet`; gives the id to ask with."""
        path, first = "/v1/simulations/logs", content[:PART_BYTES]
        told = self._call("POST", path, Uploaded, {"format": kind}, first, OCTETS, timeout_s=SLOW_S)
        while told.bytes < len(content):
            part = content[told.bytes : told.bytes + PART_BYTES]
            told = self._call(
                "POST", f"{path}/{told.log}", Uploaded, {"offset": told.bytes}, part, OCTETS,
                timeout_s=SLOW_S,
            )  # fmt: skip
        return told.log

    def tuning_offers(self, season: str | None) -> Offers:
        """List the values of a season file that a search may vary; None is the one in force."""
        body = msgspec.json.encode({} if season is None else {"season": season})
        path = "/v1/simulations/offers"
        return self._call("POST", path, Offers, {}, body, timeout_s=SLOW_S)

    def cancel_simulation(self, simulation: str) -> Removed:
        """Cancel a simulation that isn't over; remove one that is."""
        path = f"/v1/simulations/{quote(simulation, safe='')}"
        return self._call("DELETE", path, Removed, {}, None)

    def simulation_file(self, simulation: str, name: str) -> bytes:
        """Give one of the files that a simulation made."""
        path = f"/v1/simulations/{quote(simulation, safe='')}/files/{quote(name, safe='')}"
        return self._answered("GET", path, {}, timeout_s=SLOW_S).content

    def shipped_seasons(self) -> ShippedSeasons:
        """Give the season files that come with the program."""
        return self._get("/v1/simulations/seasons", ShippedSeasons, {})

    def ranks(self, board: str, members: list[str]) -> Ranks:
        """Give the ranks of many members on one board."""
        body = msgspec.json.encode({"board": board, "members": members})
        return self._call("POST", "/v1/ranks", Ranks, {}, body)

    def _put_rules(self, text: str, said: Parameters) -> Draft:
        body = text.encode()
        return self._call("PUT", "/v1/season/rules", Draft, said, body, TOML, timeout_s=SLOW_S)


def _report_parameters(by: str, first: str, last: str, within_days: int) -> Parameters:
    asked: Parameters = {"by": by, "from": first, "to": last, "within_days": within_days}
    return {name: value for name, value in asked.items() if value}
