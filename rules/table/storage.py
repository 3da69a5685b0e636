"""Storage: where long columns keep their numbers, in memory or in files without a name.

What a shard keeps of every event is written once and hardly read again. In a file that is mapped
into memory the system keeps what is in use and writes the rest out, so that a season of any length
takes as little memory as one of a day. Opening such a file is left to the caller: rules know a
descriptor only.
"""

from __future__ import annotations

import mmap
import os
import weakref
from collections.abc import Callable
from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FILE_FROM_ROWS: Final = 1 << 20
"""Columns shorter than this stay in memory."""


class Memory:
    """Plain memory of the process."""

    @property
    def file_bytes(self) -> int:
        """Count the bytes in files: none."""
        return 0

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Make an array of zeros."""
        return np.zeros(shape, dtype=dtype)

    def copied(self, array: Array) -> Array:
        """Copy an array."""
        return array.copy()

    def grow(self, holder: object, name: str, shape: tuple[int, ...]) -> None:
        """Lengthen an array that an object holds; new rows are zero, and memory moves if it can.

        Where something else holds the array or a view of it, a longer copy takes its place.
        """
        try:
            getattr(holder, name).resize(shape)
        except ValueError:
            held = getattr(holder, name)
            longer = np.zeros(shape, dtype=held.dtype)
            longer[: len(held)] = held
            setattr(holder, name, longer)


MEMORY: Final = Memory()


class ScratchFiles(Memory):
    """Files without a name for long arrays, and memory for short ones.

    A file's blocks are taken before an array reaches into them: a disk that is full is noticed
    then, and that array stays in memory. A longer array is the same file mapped anew, with
    nothing copied, so views of the shorter one stay as they are, and what the process had of it in
    memory is the system's to take back. A file is gone with its last array, however the process
    ends.

    Args:
        unnamed: opens an empty file that has no name, for reading and writing, and gives its
            descriptor away.
        refused: told once why a file didn't take an array.
        from_rows: how long an array is before it goes into a file.
    """

    def __init__(
        self,
        unnamed: Callable[[], int],
        refused: Callable[[OSError], None] = lambda _: None,
        from_rows: int = FILE_FROM_ROWS,
    ) -> None:
        self._unnamed = unnamed
        self._refused: Callable[[OSError], None] | None = refused
        self._from_rows = from_rows
        self._files: weakref.WeakSet[_File] = weakref.WeakSet()

    @property
    def file_bytes(self) -> int:
        """Count the bytes of all files."""
        return sum(file.nbytes for file in self._files)

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Make an array of zeros, in a file of its own if it is long."""
        if self._is_long(shape):
            try:
                return self._new_file().array(shape, np.dtype(dtype))
            except OSError as error:
                self._refuse(error)
        return super().zeros(shape, dtype)

    def copied(self, array: Array) -> Array:
        """Copy an array, into a file of its own if it is long."""
        copy = self.zeros(array.shape, array.dtype)
        copy[...] = array
        return copy

    def grow(self, holder: object, name: str, shape: tuple[int, ...]) -> None:
        """Lengthen an array that an object holds, in its file if it has one or is long by now."""
        if not self._is_long(shape) or not self._grown(holder, name, shape):
            super().grow(holder, name, shape)

    def _is_long(self, shape: tuple[int, ...]) -> bool:
        return len(shape) > 0 and shape[0] >= self._from_rows and 0 not in shape

    def _grown(self, holder: object, name: str, shape: tuple[int, ...]) -> bool:
        """Put a longer array into a file; False where there is no room for it."""
        held: Array = getattr(holder, name)
        mapped = held.base
        try:
            if isinstance(mapped, _Mapped):
                longer = mapped.file.array(shape, held.dtype)
            else:
                longer = self._new_file().array(shape, held.dtype)
                longer[: len(held)] = held
        except OSError as error:
            self._refuse(error)
            return False
        setattr(holder, name, longer)
        return True

    def _new_file(self) -> _File:
        file = _File(self._unnamed())
        self._files.add(file)
        return file

    def _refuse(self, error: OSError) -> None:
        if self._refused is not None:
            self._refused(error)
            self._refused = None


class _File:
    """An open file that arrays are in; it is closed with the last of them."""

    def __init__(self, descriptor: int) -> None:
        self.nbytes = 0
        self._descriptor = descriptor
        weakref.finalize(self, os.close, descriptor)

    def array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Map so much of the file as an array; what it never held is zero. Raises OSError."""
        nbytes = prod(shape) * dtype.itemsize
        if nbytes > self.nbytes:
            # Without blocks of its own, a page would end the process where the disk is full.
            os.posix_fallocate(self._descriptor, self.nbytes, nbytes - self.nbytes)
            self.nbytes = nbytes
        mapped = _Mapped(self._descriptor, nbytes)
        mapped.file = self
        return np.ndarray(shape, dtype, buffer=mapped)


class _Mapped(mmap.mmap):
    """A part of the process's memory that is a file's."""

    file: _File
