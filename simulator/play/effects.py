"""Name the effects of the response model, so that each can be switched off."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Effects:
    """Switch each effect of a programme on what members do; all on by default.

    With all off nobody visits or fills otherwise than without a programme.
    """

    goal: bool = True
    """Come more often near the next tier or goal (kappa)."""
    afterglow: bool = True
    """Come more often just after a reward (phi)."""
    slump: bool = True
    """Come less often just after a reward (psi)."""
    prize: bool = True
    """Come more often near a prize's cutoff (chi)."""
    rank: bool = True
    """Slacken where a prize is out of reach (delta)."""
    coupon: bool = True
    """Come more often with a coupon in hand."""
    gate: bool = True
    """Fill up to a coupon's least amount."""
    discount: bool = True
    """Fill more at a tier's discount (beta)."""
    recall: bool = True
    """Come back for a coupon sent after a long absence."""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """List the effects in order."""
        return tuple(one.name for one in fields(cls))

    @classmethod
    def none(cls) -> Self:
        """Switch everything off."""
        return cls(**dict.fromkeys(cls.names(), False))

    def without(self, *names: str) -> Self:
        """Switch some effects off.

        Raises:
            ValueError: a name is no effect.
        """
        for name in names:
            if name not in self.names():
                raise ValueError(f"effect {name!r}: must be one of {', '.join(self.names())}")
        return replace(self, **dict.fromkeys(names, False))

    @property
    def on(self) -> tuple[str, ...]:
        """List the effects that are switched on."""
        return tuple(name for name in self.names() if getattr(self, name))


ALL_EFFECTS = Effects()
