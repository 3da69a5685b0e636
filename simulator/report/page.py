"""Page: one self-contained HTML file in both languages and themes, printable, without a network.

Language and theme are radio buttons that the style sheet looks at, so the switch works where
scripts are not let run; the few lines of script only choose the first setting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

STYLE: Final = Path(__file__).with_name("report.css")
_CHOOSE: Final = """
const wants = location.hash + " ";
const tick = (id) => { document.getElementById(id).checked = true; };
if (wants.includes("en") || !(wants.includes("zh") || navigator.language.startsWith("zh")))
  tick("lang-en");
if (wants.includes("dark") ||
    !wants.includes("light") && matchMedia("(prefers-color-scheme: dark)").matches)
  tick("theme-dark");
const named = () => {
  document.documentElement.lang = document.getElementById("lang-en").checked ? "en" : "zh";
};
document.querySelectorAll("[name=lang]").forEach((one) => one.addEventListener("change", named));
addEventListener("beforeprint", () => tick("theme-light"));
named();
"""
_SWITCHES: Final = """<input class="pick" type="radio" name="lang" id="lang-zh" checked>
<input class="pick" type="radio" name="lang" id="lang-en">
<input class="pick" type="radio" name="theme" id="theme-light" checked>
<input class="pick" type="radio" name="theme" id="theme-dark">
<div class="switches">
<div><label for="lang-zh">中文</label><label for="lang-en">English</label></div>
<div><label for="theme-light" title="浅色 light">☀ </label>
<label for="theme-dark" title="深色 dark">☾ </label></div>
</div>
"""


def _safe(text: str) -> str:
    """Escape a text, and keep a sign with the currency's sign on one line."""
    for sign in ("+", "−"):
        text = text.replace(f"{sign}¥", f"{sign}\u2060¥")
    return escape(text)


def page(title: str, bodies: Mapping[str, str]) -> str:
    """Make the file: a body for each of `zh` and `en`."""
    style = STYLE.read_text(encoding="utf-8")
    mains = "".join(
        f'<main class="{language}" lang="{language}">\n{body}</main>\n'
        for language, body in bodies.items()
    )
    return (
        '<!doctype html>\n<html lang="zh">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # An empty icon, or the browser asks for one.
        f'<link rel="icon" href="data:,">\n<title>{_safe(title)}</title>\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n{_SWITCHES}{mains}"
        f"<script>{_CHOOSE}</script>\n</body>\n</html>\n"
    )


def heading(title: str, under: str) -> str:
    """Write the title and the line under it."""
    return f'<h1>{_safe(title)}</h1>\n<p class="under">{_safe(under)}</p>\n'


def verdict(sentences: Sequence[str], mood: str) -> str:
    """Write the verdict, its first sentence large; mood is good, bad or unclear."""
    said = "".join(f"<p>{_safe(one)}</p>" for one in sentences)
    return f'<div class="verdict {mood}">{said}</div>\n'


def tiles(figures: Sequence[tuple[str, str, str]]) -> str:
    """Write the figures that matter: what each is, the figure, and a line under it."""
    made = "".join(
        f'<div class="tile"><span>{_safe(what)}</span><b>{_safe(figure)}</b>'
        f"<span>{_safe(under)}</span></div>"
        for what, figure, under in figures
    )
    return f'<div class="tiles">{made}</div>\n'


def section(title: str, *parts: str) -> str:
    """Write one section."""
    return f"<section><h2>{_safe(title)}</h2>\n{''.join(parts)}</section>\n"


def charts(*made: str) -> str:
    """Set charts side by side where there is room."""
    return f'<div class="charts">{"".join(made)}</div>\n'


def chart(title: str, svg: str, note: str = "") -> str:
    """Write one chart under its message."""
    under = f"<figcaption>{_safe(note)}</figcaption>" if note else ""
    return f"<figure><h3>{_safe(title)}</h3>{svg}{under}</figure>\n"


def paragraph(text: str, css: str = "") -> str:
    """Write one paragraph."""
    named = f' class="{css}"' if css else ""
    return f"<p{named}>{_safe(text)}</p>\n"


def bullets(lines: Sequence[str]) -> str:
    """Write a list."""
    return f"<ul>{''.join(f'<li>{_safe(line)}</li>' for line in lines)}</ul>\n"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> str:
    """Write a table whose first columns, `words` of them, are text and the others figures."""
    if not rows:
        return ""

    def cell(tag: str, nth: int, said: str) -> str:
        css = "" if nth < words else ' class="n"'
        return f"<{tag}{css}>{_safe(said)}</{tag}>"

    head = "".join(cell("th", nth, one) for nth, one in enumerate(heads))
    lines = "".join(
        f"<tr>{''.join(cell('td', nth, one) for nth, one in enumerate(row))}</tr>" for row in rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>\n"
    )


def folded(title: str, *parts: str) -> str:
    """Write what only who asks wants to read."""
    return f"<details><summary>{_safe(title)}</summary>{''.join(parts)}</details>\n"
