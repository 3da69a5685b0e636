"""Keys: list, make, rotate and revoke keys of a running system."""

from __future__ import annotations

import re
from typing import Any, Final

import click

from ui.commands import _connection as connection

ROLES: Final = ("till", "app", "analyst", "admin")
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _seconds(context: click.Context, option: click.Parameter, value: str | None) -> int | None:
    """Read a time such as 90s, 15m, 24h or 7d."""
    if value is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", value)
    if found is None:
        raise click.BadParameter(
            f"{value!r}: give a number and s, m, h or d, such as 24h", context, option
        )
    return int(found[1]) * _UNITS_S[found[2]]


@click.group()
def command() -> None:
    """List, make, rotate and revoke keys of a running system."""


@command.command("list")
@connection.options
def list_keys(url: str, key: str, as_json: bool) -> None:
    """List the keys; the secrets themselves are not kept."""
    found = connection.call("GET", url, key, "/v1/keys")
    connection.finish(found, as_json, [_line(item) for item in found["keys"]])


def _line(item: dict[str, Any]) -> str:
    parts = [f"{item['id']}  {item['role']:8} {item['label']}"]
    parts.append(f"last used {item['last_used']}" if item["last_used"] else "never used")
    if item["rate"]:
        parts.append(item["rate"])
    if item["until"]:
        parts.append(f"until {item['until']}")
    if item["replaced_by"]:
        parts.append(f"replaced by {item['replaced_by']}")
    return ", ".join(parts)


_MAKING: Final = (
    click.argument("role", type=click.Choice(ROLES)),
    click.option("--label", default="", help="What the key is for."),
    click.option("--rate", default="", help="At most so often, such as 100/second."),
    click.option("--valid", "valid_s", callback=_seconds, help="Ends by itself after, say, 90d."),
    connection.options,
)


def _make(
    role: str, label: str, rate: str, valid_s: int | None, url: str, key: str, as_json: bool
) -> None:
    """Make a key for a ROLE and print it, this once."""
    body: dict[str, Any] = {"role": role, "label": label, "rate": rate}
    if valid_s is not None:
        body["valid_s"] = valid_s
    _show(connection.call("POST", url, key, "/v1/keys", body), as_json)


def _making(name: str, hidden: bool) -> None:
    made: Any = _make
    for option in reversed(_MAKING):
        made = option(made)
    command.command(name, hidden=hidden)(made)


_making("create", False)
_making("make", True)  # what it was called first


@command.command("rotate")
@click.argument("key_id")
@click.option(
    "--overlap",
    "overlap_s",
    callback=_seconds,
    default="24h",
    show_default=True,
    help="For so long the old key goes on working; 0s ends it at once.",
)
@connection.options
def rotate(key_id: str, overlap_s: int, url: str, key: str, as_json: bool) -> None:
    """Make a new key in place of KEY_ID and print it, this once."""
    body = {"overlap_s": overlap_s}
    _show(connection.call("POST", url, key, f"/v1/keys/{key_id}/rotate", body), as_json)


def _show(made: dict[str, Any], as_json: bool) -> None:
    lines = [made["key"]]
    if "member_secret" in made:
        lines.append(f"member secret (for the back end that signs tokens): {made['member_secret']}")
    connection.finish(made, as_json, lines)


@command.command("revoke")
@click.argument("key_id")
@connection.options
def revoke(key_id: str, url: str, key: str, as_json: bool) -> None:
    """Revoke a key by its id."""
    connection.call("DELETE", url, key, f"/v1/keys/{key_id}")
    connection.finish({"revoked": key_id}, as_json, [f"revoked {key_id}"])
