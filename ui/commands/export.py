"""Export: members, coupons, standings and events of a running system, as Parquet and CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import click
import httpx

from ui.certificates import trusted
from ui.commands import _connection as connection
from ui.commands._inputs import fail, refuse

if TYPE_CHECKING:
    import pyarrow as pa

KINDS: Final = ("members", "coupons", "standings", "events")
WITHIN_S: Final = 300.0


@click.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write to.")
@click.option("--member", help="Everything held about one member instead, as JSON.")
@click.option(
    "--only",
    type=click.Choice(KINDS),
    multiple=True,
    help="Write these alone; may be given several times.",
)
@connection.options
def command(
    out: Path, member: str | None, only: tuple[str, ...], url: str, key: str, as_json: bool
) -> None:
    """Write what a running system holds as Parquet and CSV; needs an admin's key."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if member is not None:
            _one_member(out, member, url, key, as_json)
            return
        written = {}
        for kind in only or KINDS:
            written[kind] = _write(kind, out, url, key)
            click.echo(f"{kind}: {written[kind]:,} rows", err=True)
    except OSError as error:
        fail(
            f"{error.filename or out}: {error.strerror or error}; name a folder that can be written"
        )
    lines = [
        f"{count:,} {kind} in {out / kind}.parquet and .csv" for kind, count in written.items()
    ]
    connection.finish({"out": str(out), "rows": written}, as_json, lines)


def _one_member(out: Path, member: str, url: str, key: str, as_json: bool) -> None:
    """Write everything held about one member."""
    path = f"/v1/members/{quote(member, safe='')}/export"
    held = connection.call("GET", url, key, path, within_s=WITHIN_S)
    file = out / "member.json"
    file.write_text(json.dumps(held, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    result = {"file": str(file), "member": member, "events": len(held["events"])}
    connection.finish(result, as_json, [f"{file}: {len(held['events']):,} events of {member}"])


def _write(kind: str, out: Path, url: str, key: str) -> int:
    """Write one kind as Parquet and CSV; each file appears once it is whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = {ending: out / f"{kind}.{ending}" for ending in ("parquet", "csv")}
    partial = {ending: out / f".{kind}.{ending}.partial" for ending in names}
    rows = 0
    try:
        with (
            _Answer(url, key, f"/v1/export/{kind}") as answer,
            pa.ipc.open_stream(pa.PythonFile(answer, "r")) as stream,
            pq.ParquetWriter(partial["parquet"], stream.schema) as table,
            partial["csv"].open("wb") as text,
        ):
            text.write((",".join(stream.schema.names) + "\n").encode())
            for batch in stream:
                rows += batch.num_rows
                table.write_batch(batch)
                text.write(_csv(batch))
        for ending, path in names.items():
            partial[ending].replace(path)
    except (httpx.HTTPError, pa.ArrowException) as error:
        told = str(error) or type(error).__name__
        fail(f"{kind}: the answer ended too early ({told}): is the system still up? Try again")
    finally:
        for path in partial.values():
            path.unlink(missing_ok=True)
    return rows


def _csv(batch: pa.RecordBatch) -> bytes:
    """Write rows as CSV without a header: times in RFC 3339 UTC, decimals in full."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from rules.decoding.csv_lines import csv_bytes

    if not batch.num_rows:
        return b""
    columns = []
    for column in batch.columns:
        if pa.types.is_timestamp(column.type):
            text = pc.strftime(column, "%Y-%m-%dT%H:%M:%S").cast(pa.string())
            columns.append(pc.binary_join_element_wise(text, "Z", ""))
        else:
            columns.append(column.cast(pa.string()))
    names = [f"{place}" for place in range(len(columns))]
    header = len(csv_bytes(names, [pa.array([], pa.string())] * len(columns)))
    return csv_bytes(names, columns)[header:]


class _Answer:
    """The body of a streamed answer as a file to read from; leaves when it is refused."""

    def __init__(self, url: str, key: str, path: str) -> None:
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {key}"},
            timeout=WITHIN_S,
            trust_env=False,
            verify=trusted(),
        )
        try:
            request = self._client.build_request("GET", url.rstrip("/") + path)
            self._response = self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            told = str(error) or type(error).__name__
            fail(f"{url} can't be reached ({told}): is `forecourt serve` running there?")
        if self._response.status_code != httpx.codes.OK:
            self._response.read()
            told = connection.problem_text(self._response)
            if self._response.status_code in (400, 422):
                refuse(f"GET {path}: {told}")
            fail(f"GET {path}: {told}")
        self._parts: Iterator[bytes] = self._response.iter_bytes()
        self._rest = b""
        self.closed = False

    def read(self, size: int) -> bytes:
        """Give the next bytes, at most `size`; none at the end."""
        parts = [self._rest]
        length = len(self._rest)
        while length < size:
            part = next(self._parts, b"")
            if not part:
                break
            parts.append(part)
            length += len(part)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]

    def close(self) -> None:
        """Close the connection."""
        self.closed = True
        self._response.close()
        self._client.close()

    def __enter__(self) -> _Answer:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
