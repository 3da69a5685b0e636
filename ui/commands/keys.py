"""Keys: list, make and revoke keys of a running system."""

from __future__ import annotations

import click

from ui.commands import _connection as connection


@click.group()
def command() -> None:
    """List, make and revoke keys of a running system."""


@command.command("list")
@connection.options
def list_keys(url: str, key: str, as_json: bool) -> None:
    """List the keys; the secrets themselves are not kept."""
    found = connection.call("GET", url, key, "/v1/keys")
    lines = [f"{item['id']}  {item['role']:8} {item['label']}" for item in found["keys"]]
    connection.finish(found, as_json, lines)


@command.command("make")
@click.argument("role", type=click.Choice(["till", "app", "analyst", "admin"]))
@click.option("--label", default="", help="What the key is for.")
@connection.options
def make(role: str, label: str, url: str, key: str, as_json: bool) -> None:
    """Make a key for a ROLE and print it, this once."""
    made = connection.call("POST", url, key, "/v1/keys", {"role": role, "label": label})
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
