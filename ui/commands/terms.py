"""Terms: print the terms and conditions of a season in plain words, generated from its file."""

from __future__ import annotations

from pathlib import Path

import click

from ui.commands._inputs import fail, read_season


@click.command()
@click.argument("season", type=click.Path(path_type=Path))
@click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default="zh",
    show_default=True,
    help="The language members read.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write to this file instead.")
def command(season: Path, lang: str, out: Path | None) -> None:
    """Print the terms and conditions of the season file SEASON as Markdown.

    Every rule of the file is in them; margins and what gifts cost are not.
    """
    from rules.wording.terms import terms

    text = terms(read_season(season), lang)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"--out {out}: {error.strerror or error}; name a file in a folder that exists")
    click.echo(f"wrote {out}")
