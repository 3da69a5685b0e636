"""Refuse an event."""


class RefusedError(Exception):
    """Refuse an event, with the reason's word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
