"""Connection: calls a running system over HTTP for the commands, with errors in plain words."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import click
import httpx

from ui.certificates import trusted

Command = TypeVar("Command", bound=Callable[..., Any])


def address(value: str) -> str:
    """Take the address of a system that a request can be sent to, or say what one looks like."""
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL as error:
        raise click.BadParameter(
            f"{value!r}: {error}; give one such as http://127.0.0.1:8080"
        ) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise click.BadParameter(
            f"{value!r} must begin with http:// or https:// and name a host, "
            "such as http://127.0.0.1:8080"
        )
    return value


def key_text(value: str) -> str:
    """Take a key that a header can carry; never show it, for it may be one but for a typo."""
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise click.BadParameter(
            "a key is of printable ASCII characters without spaces: give it as it was shown"
        )
    return value


def options(command: Command) -> Command:
    """Give a command --url, --key and --json."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end."),
        click.option(
            "--key",
            type=key_text,
            envvar="FORECOURT_KEY",
            required=True,
            help="Key (or FORECOURT_KEY).",
        ),
        click.option(
            "--url",
            type=address,
            envvar="FORECOURT_URL",
            default="http://127.0.0.1:8080",
            show_default=True,
            help="Address of the running system.",
        ),
    ):
        command = option(command)
    return command


def fail(message: str, code: int = 1) -> NoReturn:
    """Print an error on stderr and leave with an exit code."""
    click.echo(f"error: {message}", err=True)
    sys.exit(code)


def call(
    method: str,
    url: str,
    key: str,
    path: str,
    body: Any = None,
    within_s: float = 30,
    content: bytes | None = None,
) -> Any:
    """Call the API and return the decoded answer; leaves with 1 or 2 when it refuses."""
    try:
        answer = httpx.request(
            method,
            url.rstrip("/") + path,
            json=body,
            content=content,
            headers={"Authorization": f"Bearer {key}"},
            timeout=within_s,
            trust_env=False,
            verify=trusted(),
        )
    except httpx.HTTPError as error:
        told = str(error) or type(error).__name__
        fail(f"{url} can't be reached ({told}): is `forecourt serve` running there?")
    if answer.status_code >= 400:
        code = 2 if answer.status_code in (400, 422) else 1
        fail(f"{method} {path}: {problem_text(answer)}", code)
    return answer.json() if answer.content else None


def problem_text(answer: httpx.Response) -> str:
    """Say in words why a call was refused."""
    try:
        return f"{answer.status_code}: {answer.json()['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason_phrase}"


def finish(result: dict[str, Any], as_json: bool, lines: list[str]) -> None:
    """Print the result in words, or as one JSON object."""
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        for line in lines:
            click.echo(line)
