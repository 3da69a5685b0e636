"""What an Arrow stream claims to hold once decompressed, read without decompressing it.

A few kilobytes can be compressed from gigabytes. Arrow's own reader believes the length that
stands before each compressed buffer, so it is added up first. The layout is that of
``Message.fbs`` in the Arrow format: flatbuffer tables, which the message reader has verified.
"""

import struct
from collections.abc import Iterator
from typing import Final

import pyarrow as pa

_RECORD_BATCH: Final = 3
_DICTIONARY_BATCH: Final = 2
_MESSAGE_HEADER_TYPE: Final = 1
_MESSAGE_HEADER: Final = 2
_DICTIONARY_DATA: Final = 1
_BATCH_BUFFERS: Final = 2
_BATCH_COMPRESSION: Final = 3


def claimed_bytes(stream: pa.Buffer) -> int:
    """Return how many bytes the stream's compressed buffers claim to decompress to.

    Raises ``pa.ArrowException``, ``OSError`` or ``struct.error`` where the stream is broken.
    """
    total = 0
    for message in pa.ipc.MessageReader.open_stream(stream):
        if message.body is None or len(message.body) == 0:
            continue
        body = memoryview(message.body)
        for offset, length in _compressed_buffers(memoryview(message.metadata)):
            if length >= 8 and 0 <= offset <= len(body) - 8:
                # −1 says that this buffer was left as it is.
                total += max(struct.unpack_from("<q", body, offset)[0], 0)
    return total


def _compressed_buffers(metadata: memoryview) -> Iterator[tuple[int, int]]:
    """Give the offset and length in the body of each buffer of a compressed batch."""
    message = struct.unpack_from("<I", metadata, 0)[0]
    kind_at = _field(metadata, message, _MESSAGE_HEADER_TYPE)
    header_at = _field(metadata, message, _MESSAGE_HEADER)
    if not kind_at or not header_at:
        return
    kind, batch = metadata[kind_at], _follow(metadata, header_at)
    if kind == _DICTIONARY_BATCH:
        data_at = _field(metadata, batch, _DICTIONARY_DATA)
        if not data_at:
            return
        batch = _follow(metadata, data_at)
    elif kind != _RECORD_BATCH:
        return
    buffers_at = _field(metadata, batch, _BATCH_BUFFERS)
    if not buffers_at or not _field(metadata, batch, _BATCH_COMPRESSION):
        return
    vector = _follow(metadata, buffers_at)
    count = struct.unpack_from("<I", metadata, vector)[0]
    for place in range(count):
        yield struct.unpack_from("<qq", metadata, vector + 4 + 16 * place)


def _field(metadata: memoryview, table: int, number: int) -> int:
    """Return where a table's field lies, 0 where it has its default."""
    vtable = table - struct.unpack_from("<i", metadata, table)[0]
    size = struct.unpack_from("<H", metadata, vtable)[0]
    if 4 + 2 * number >= size:
        return 0
    inside = int(struct.unpack_from("<H", metadata, vtable + 4 + 2 * number)[0])
    return table + inside if inside else 0


def _follow(metadata: memoryview, at: int) -> int:
    """Return where the offset at a place leads to."""
    return at + int(struct.unpack_from("<I", metadata, at)[0])
