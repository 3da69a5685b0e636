"""Write a plain dict as TOML text, one top-level key a line."""

from datetime import date, datetime
from typing import Any


def literal(value: object) -> str:
    """Write one value as a TOML literal; tables and arrays inline."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[" + ", ".join(literal(each) for each in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{quoted(k)} = {literal(v)}" for k, v in value.items()) + " }"
    raise TypeError(f"{value!r}: TOML has no {type(value).__name__}")


def quoted(text: str) -> str:
    """Write a basic string; control characters and quotes escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in escaped) + '"'


def toml_text(table: dict[str, Any]) -> str:
    r"""Write a whole file.

    >>> toml_text({"format": 1, "season": {"id": "s", "boards": [{"id": "overall"}]}})
    'format = 1\nseason = { "id" = "s", "boards" = [{ "id" = "overall" }] }\n'
    """
    return "".join(f"{key} = {literal(value)}\n" for key, value in table.items())
