import ast
import re
from pathlib import Path

import simulator
from simulator.play.effects import Effects
from simulator.report.report_words import PHRASES

PLACE = re.compile(r"{(\w+)}")


def test_both_languages_say_the_same_things() -> None:
    chinese, english = PHRASES["zh"], PHRASES["en"]
    assert chinese.keys() == english.keys()
    for key, said in english.items():
        assert set(PLACE.findall(chinese[key])) == set(PLACE.findall(said)), key


def test_every_phrase_is_used() -> None:
    folder = Path(simulator.__file__).parent
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in folder.rglob("*.py")
        if path.name not in ("report_zh.py", "report_en.py")
    )
    words = {
        node.value
        for node in ast.walk(ast.parse(source.replace("from __future__ import annotations", "")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for key in PHRASES["en"]:
        head, _, last = key.rpartition(".")
        assert key in words or last in words or f"{head}." in words, key


def test_every_effect_has_a_name() -> None:
    assert all(f"effect.{name}" in PHRASES["zh"] for name in Effects.names())
