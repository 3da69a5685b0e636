"""The audit trail and the keys, for an administrator, whose key is asked for here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Final, TypeVar

import streamlit as st

from ui.answers.operations import Audit, AuditEntry, Key
from ui.answers.season import Season
from ui.client import Client
from ui.parts import live, notices
from ui.parts.figures import full_minute, masked, number, second
from ui.parts.markup import element, show, text
from ui.parts.plain_table import plain_table, two_lines
from ui.texts import Texts
from ui.troubles import CallFailed

ENTRIES: Final = 50
ABOUT_MEMBERS: Final = ("member.", "event.")

Answer = TypeVar("Answer")


def audit_shown(season: Season, words: Texts) -> Audit | None:
    """Show the newest entries of the audit trail; gives them once there is a key."""
    audit = _asked(lambda admin: admin.audit(ENTRIES), words)
    if audit is None:
        return None
    if not audit.entries:
        notices.notice(words("operations.no_audit"), words("operations.no_audit_how"), words)
        return None
    title = element("strong", "fc-message", text(audit_message(audit.entries, words)))
    show(title + audit_table(audit.entries, season.timezone, words), words)
    return audit


def keys_shown(season: Season, words: Texts) -> None:
    """Show the keys without their secrets."""
    found = _asked(lambda admin: admin.keys(), words)
    if found is None:
        return
    title = element("strong", "fc-message", text(keys_message(found.keys, words)))
    show(title + keys_table(found.keys, season.timezone, words), words)


def _asked(call: Callable[[Client], Answer], words: Texts) -> Answer | None:
    """Ask with the key that is typed in; say what is missing or wrong."""
    key = st.text_input(
        words("campaign.key"),
        key="admin_key",
        type="password",
        help=words("operations.key_how"),
    )
    if not key:
        notices.notice(words("operations.needs_key"), words("operations.needs_key_how"), words)
        return None
    try:
        with closing(Client(live.url(), key)) as admin:
            return call(admin)
    except CallFailed as failure:
        notices.trouble(failure, words)
        return None


def audit_message(entries: Sequence[AuditEntry], words: Texts) -> str:
    """Say how many of the entries are refusals."""
    refused = sum(entry.times for entry in entries if entry.outcome == "refused")
    return words("operations.audit_message", entries=len(entries), refused=number(refused))


def audit_table(entries: Sequence[AuditEntry], zone: str, words: Texts) -> str:
    """Write the entries; member ids are masked, since pages are projected."""
    columns = (
        ("fc-when", words("statement.at")),
        ("fc-name", words("operations.act")),
        ("fc-name", words("operations.about")),
        ("fc-code fc-wide", words("operations.key")),
        ("fc-state", words("operations.outcome")),
    )
    rows = (
        (
            text(second(entry.at, zone, words)),
            text(entry.act),
            element("span", "fc-path", text(about(entry))),
            two_lines(entry.key or words("operations.none"), words.name_of("role", entry.role)),
            element(
                "span", "fc-state " + _OUTCOMES.get(entry.outcome, ""), text(_how(entry, words))
            ),
        )
        for entry in entries
    )
    return plain_table(columns, rows)


_OUTCOMES: Final = {"done": "fc-safe", "refused": "fc-risk", "failed": "fc-risk"}


def about(entry: AuditEntry) -> str:
    """Name what an act was about, a member masked."""
    if entry.act.startswith(ABOUT_MEMBERS) and " " not in entry.object and entry.object:
        return masked(entry.object)
    return entry.object


def _how(entry: AuditEntry, words: Texts) -> str:
    said = words.name_of("outcome", entry.outcome)
    return said if entry.times == 1 else words("operations.times", said=said, times=entry.times)


def keys_message(keys: Sequence[Key], words: Texts) -> str:
    """Say how many keys there are of each role."""
    roles = {role: sum(key.role == role for key in keys) for role in ("till", "app", "analyst")}
    admins = sum(key.role == "admin" for key in keys)
    return words("operations.keys_message", keys=len(keys), admins=admins, **roles)


def keys_table(keys: Sequence[Key], zone: str, words: Texts) -> str:
    """Write the keys."""
    none = words("operations.none")
    columns = (
        ("fc-name", words("operations.label")),
        ("fc-code fc-wide", words("operations.key")),
        ("fc-name", words("operations.role")),
        ("fc-when fc-wide", words("operations.created")),
        ("fc-when", words("operations.last_used")),
        ("fc-when", words("operations.until")),
    )

    def when(key: Key, field: str) -> str:
        at = getattr(key, field)
        return none if at is None else full_minute(at, zone, words)

    rows = (
        (
            two_lines(
                key.label or none, words("operations.rate", rate=key.rate) if key.rate else ""
            ),
            text(key.id),
            text(words.name_of("role", key.role)),
            text(when(key, "created")),
            text(when(key, "last_used")),
            text(when(key, "until")),
        )
        for key in keys
    )
    return plain_table(columns, rows)
