"""The command line: `forecourt COMMAND`, each command in the module of its name."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import pkgutil
import sys

import click

_MODULES = {"import": "import_log"}


class Commands(click.Group):
    """Loads a command's module only when that command runs, so that help stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Name every command there is a module for."""
        names = {module: name for name, module in _MODULES.items()}
        found = (info.name for info in pkgutil.iter_modules(__path__))
        return sorted(names.get(name, name) for name in found if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command; a broken module fails loudly, an unknown name is a usage error."""
        module = f"{__name__}.{_MODULES.get(cmd_name, cmd_name)}"
        if cmd_name.startswith("_") or importlib.util.find_spec(module) is None:
            return None
        command = importlib.import_module(module).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}.command = {command!r}: must be a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by their module's first line, without importing any of them."""
        rows = []
        for name in self.list_commands(ctx):
            spec = importlib.util.find_spec(f"{__name__}.{_MODULES.get(name, name)}")
            rows.append((name, _first_line(spec.origin if spec else None)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _first_line(path: str | None) -> str:
    if path is None:
        return ""
    with open(path, encoding="utf-8") as source:  # noqa: PTH123  read once, for help only
        line = source.readline().strip().strip('"')
    return line.partition(": ")[2] or line


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="forecourt")
def main() -> None:
    """Run fuel-station loyalty seasons: a live leaderboard, and a simulator of the same rules."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
