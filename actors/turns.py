"""Turns: the order of the batches of a lane that has several on their way, held by its shard."""

from __future__ import annotations

from actors.messages import OutOfTurn, Turn


class Turns:
    """Lets a batch through when all before it were: by this process, or answered for good.

    A batch that failed comes again, and so do those behind it; until then they are refused. So
    a batch never overtakes another one, whatever dies in between.

    >>> turns = Turns()
    >>> turns.check(Turn("lane", 8, 7))
    Traceback (most recent call last):
        ...
    actors.messages.OutOfTurn: batch 8 came before batch 7, whose outcome is open
    >>> for number in (7, 8):
    ...     turns.check(Turn("lane", number, 7))
    ...     turns.done(Turn("lane", number, 7))
    """

    def __init__(self) -> None:
        self._lane = ""
        self._next = 0

    def check(self, turn: Turn | None) -> None:
        """Raise OutOfTurn unless it is a batch's turn; one without a turn comes alone."""
        if turn is None or turn.number == turn.oldest:
            return
        if turn.lane != self._lane or turn.number != self._next:
            raise OutOfTurn(
                f"batch {turn.number} came before batch "
                f"{self._next if turn.lane == self._lane else turn.oldest}, whose outcome is open"
            )

    def done(self, turn: Turn | None) -> None:
        """Note that a batch is logged and applied."""
        if turn is not None:
            self._lane, self._next = turn.lane, turn.number + 1
