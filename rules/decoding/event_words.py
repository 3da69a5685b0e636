"""Fields of few distinct words, such as types and products: looked up once per word."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.decoding.event_columns import TYPES
from rules.decoding.text_bytes import Bools, Ints

TYPE_CODE: Final = {word: code for code, word in enumerate(TYPES)}
WORDS: Final = ("type", "station", "product", "pay")
"""Fields that are kept behind a dictionary."""


def look_up(column: pa.Array, number: Callable[[str], int], absent: int) -> Ints:
    """Return a number for each row's word, int64[n], asking once per distinct word."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    words = column.dictionary.to_pylist()
    table = np.array([absent if word is None else number(word) for word in words] + [absent])
    indices = column.indices
    if indices.null_count:
        indices = pc.fill_null(indices, len(words))
    return np.asarray(table[indices.to_numpy()], dtype=np.int64)


def is_type(type_code: npt.NDArray[np.int8], *words: str) -> Bools:
    """Return bool[n], true where the event is of one of the types."""
    return np.asarray(_wanted(words)[type_code], dtype=np.bool_)


@lru_cache(maxsize=256)
def _wanted(words: tuple[str, ...]) -> Bools:
    """Mark types by their code, bool[types + 1]; the last place is that of an unknown type."""
    wanted = np.zeros(len(TYPES) + 1, dtype=np.bool_)
    wanted[[TYPE_CODE[word] for word in words]] = True
    return wanted
