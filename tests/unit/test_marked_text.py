"""Text files that aren't all UTF-8."""

from pathlib import Path

import pytest

from simulator.log.marked_text import MARK, MarkedText, is_utf8


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_bad_bytes_are_marked_and_the_rest_stays(tmp_path: Path, size: int) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes("é\r\n".encode() + b"a\xff\xe9b\n" + "😀".encode()[:2])
    assert not is_utf8(path)
    text = MarkedText(path)
    parts = iter(lambda: text.read(size), b"")
    assert b"".join(parts).decode() == f"é\r\na{MARK}{MARK}b\n{MARK}{MARK}"
    text.close()
    assert text.closed


def test_a_character_across_two_blocks_is_utf8(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"x" * ((1 << 20) - 1) + "é".encode())
    assert is_utf8(path)
    path.write_bytes(path.read_bytes()[:-1])
    assert not is_utf8(path)
