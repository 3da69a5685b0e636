"""What went wrong, in both languages: a person reads it on a page, a program in a log."""

from __future__ import annotations


class SaidInBoth(ValueError):  # noqa: N818 - the parent of errors that are named for what is missing
    """What was asked can't be done; the text says why in English, `zh` in Chinese.

    >>> error = SaidInBoth("the log has no events", "日志里没有事件")
    >>> str(error), error.zh
    ('the log has no events', '日志里没有事件')
    """

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.zh = zh
