"""Inputs: files named on the command line, read with errors in plain words and exit code 2."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from rules.season.season_models import Season
    from simulator.log.mapping_file import Mapping

FAILED = 1
BAD_INPUT = 2


def refuse(message: str, errors: list[dict[str, Any]] | None = None) -> NoReturn:
    """Print what is wrong with the input on stderr and leave with exit code 2.

    A command asked for `--json` also tells it as one JSON object on stdout.
    """
    click.echo(f"error: {message}", err=True)
    _tell(message, errors)
    sys.exit(BAD_INPUT)


def fail(message: str) -> NoReturn:
    """Print why the work failed on stderr and leave with exit code 1; told as by `refuse`."""
    click.echo(f"error: {message}", err=True)
    _tell(message, None)
    sys.exit(FAILED)


def _tell(message: str, errors: list[dict[str, Any]] | None) -> None:
    context = click.get_current_context(silent=True)
    if context is not None and context.params.get("as_json"):
        answer = {"ok": False, "errors": errors or [{"problem": message}]}
        click.echo(json.dumps(answer, ensure_ascii=False))


def ready_folder(out: Path) -> None:
    """Make the folder that results go to, or leave: before the work, not after hours of it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        fail(f"{out}: {error.strerror or error}; name a folder that can be written")


def read_text(path: Path) -> str:
    """Read a UTF-8 file, or leave saying why it can't be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(f"{path}: not UTF-8 at byte {error.start}: save the file as UTF-8")
    except OSError as error:
        refuse(f"{path}: {error.strerror or error}; name a readable file")


def read_season(path: Path) -> Season:
    """Read and check a season file, or leave with all its errors."""
    from rules.season.season_file import SeasonErrors, load_season_bytes

    try:
        content = path.read_bytes()
    except OSError as error:
        refuse(f"{path}: {error.strerror or error}; name a readable season file")
    try:
        return load_season_bytes(content, str(path))
    except SeasonErrors as errors:
        for one in errors.errors:
            click.echo(str(one), err=True)
        count = len(errors.errors)
        what = f"{count} error{'' if count == 1 else 's'}"
        refuse(f"{path}: {what}; nothing was done", errors.as_rows())


def read_mapping(path: Path | None) -> Mapping | None:
    """Read a mapping file, if one is named."""
    from simulator.log.mapping_file import MappingErrors, load_mapping

    if path is None:
        return None
    try:
        return load_mapping(path)
    except MappingErrors as errors:
        refuse(str(errors))


def read_instant_option(option: str, text: str | None) -> int | None:
    """Read an RFC 3339 instant given to an option, µs UTC."""
    from rules.decoding.instants import read_instant

    if text is None:
        return None
    at_us = read_instant(text)
    if at_us is None:
        refuse(f"{option} = {text}: must be a time with offset, such as 2026-09-01T00:00:00+08:00")
    return at_us
