"""Inputs: files named on the command line, read with errors in plain words and exit code 2."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from rules.season_models import Season
    from simulator.mapping_file import Mapping

BAD_INPUT = 2


def refuse(message: str) -> NoReturn:
    """Print what is wrong with the input on stderr and leave with exit code 2."""
    click.echo(f"error: {message}", err=True)
    sys.exit(BAD_INPUT)


def read_text(path: Path) -> str:
    """Read a UTF-8 file, or leave saying why it can't be read."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        refuse(f"{path}: not UTF-8 at byte {error.start}: save the file as UTF-8")
    except OSError as error:
        refuse(f"{path}: {error.strerror or error}")


def read_season(path: Path) -> Season:
    """Read and check a season file, or leave with all its errors."""
    from rules.season_file import SeasonErrors, load_season

    try:
        return load_season(read_text(path), str(path))
    except SeasonErrors as errors:
        for error in errors.errors:
            click.echo(str(error), err=True)
        refuse(f"{path}: {len(errors.errors)} error(s); nothing was done")


def read_mapping(path: Path | None) -> Mapping | None:
    """Read a mapping file, if one is named."""
    from simulator.mapping_file import MappingErrors, load_mapping

    if path is None:
        return None
    try:
        return load_mapping(path)
    except MappingErrors as errors:
        refuse(str(errors))


def read_instant_option(option: str, text: str | None) -> int | None:
    """Read an RFC 3339 instant given to an option, µs UTC."""
    from rules.instants import read_instant

    if text is None:
        return None
    at_us = read_instant(text)
    if at_us is None:
        refuse(f"{option} = {text}: must be a time with offset, such as 2026-09-01T00:00:00+08:00")
    return at_us
