"""Bench: runs one side-by-side benchmark; its last line of output is one JSON object."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from pathlib import Path

import click

PACKAGE = "loadtests.bench"


class Benchmarks(click.Group):
    """The modules of `loadtests.bench` by name, each imported only when it runs.

    They are found by name because the command line and the load tests don't import one another.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Name every benchmark there is a module for."""
        found = pkgutil.iter_modules([str(folder) for folder in _folders()])
        return sorted(one.name for one in found if not one.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Wrap one benchmark's `main(args)`; an unknown name is a usage error."""
        if cmd_name not in self.list_commands(ctx):
            return None

        def run(args: tuple[str, ...]) -> None:
            module = importlib.import_module(f"{PACKAGE}.{cmd_name}")
            sys.exit(module.main(list(args)))

        # The benchmark reads its own options, --help among them.
        return click.Command(
            cmd_name,
            callback=run,
            params=[click.Argument(["args"], nargs=-1, type=click.UNPROCESSED)],
            context_settings={"ignore_unknown_options": True},
            add_help_option=False,
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the benchmarks by their module's first line, without importing any of them."""
        first_lines = [(name, _first_line(name)) for name in self.list_commands(ctx)]
        with formatter.section("Benchmarks"):
            formatter.write_dl(first_lines)


def _folders() -> list[Path]:
    spec = importlib.util.find_spec(PACKAGE)
    return [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []


def _first_line(name: str) -> str:
    for folder in _folders():
        source = folder / f"{name}.py"
        if source.exists():
            with source.open(encoding="utf-8") as lines:
                return lines.readline().strip().strip('"').partition(": ")[2]
    return ""


@click.group(cls=Benchmarks, options_metavar="", subcommand_metavar="NAME [OPTIONS]...")
def command() -> None:
    """Measure both sides of a speed target in one run on this machine."""
