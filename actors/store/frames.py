"""Frames: values one after another in a file, each with its length, so that they are streamed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO, Any, Final

import msgspec

_LENGTH: Final = struct.Struct("<Q")


class FramesDamaged(ValueError):  # noqa: N818 - says what happened
    """A file of frames ends in the middle of one, or holds something else."""


def write_frame(file: IO[bytes], value: Any) -> None:
    """Append one value of plain types and bytes."""
    content = msgspec.msgpack.encode(value)
    file.write(_LENGTH.pack(len(content)))
    file.write(content)


def read_frames(file: IO[bytes]) -> Iterator[Any]:
    """Yield the values of a file, in order. Raises `FramesDamaged`."""
    while head := file.read(_LENGTH.size):
        if len(head) < _LENGTH.size:
            raise FramesDamaged("it ends within a frame's length")
        (size,) = _LENGTH.unpack(head)
        content = file.read(size)
        if len(content) < size:
            raise FramesDamaged("it ends within a frame")
        try:
            yield msgspec.msgpack.decode(content)
        except msgspec.DecodeError as error:
            raise FramesDamaged(str(error)) from error
