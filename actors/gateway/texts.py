"""Texts: text in request bodies that can be written as UTF-8."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator


def require_utf8(text: str) -> str:
    r"""Return text that is UTF-8; JSON may also name halves of characters, such as "\ud800".

    >>> require_utf8("张三")
    '张三'
    >>> require_utf8(chr(0xD800))
    Traceback (most recent call last):
    ValueError: character 0 is half of a surrogate pair; send whole characters
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"character {error.start} is half of a surrogate pair; send whole characters"
        ) from None
    return text


Text = Annotated[str, AfterValidator(require_utf8)]
