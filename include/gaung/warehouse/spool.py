"""Rows of a batch between mapping and merge: out of memory, in files that no other process can open.

The files have no name, so nothing of a batch stays on disk, however the process ends.
"""

from collections.abc import Iterator
from io import IOBase
from tempfile import SpooledTemporaryFile
from typing import Any, cast

import numpy as np
import polars as pl
import pyarrow as pa
from pgpq import ArrowToPostgresBinaryEncoder

from gaung.contract import Entity
from gaung.warehouse.staging import key_hashes, payload_refs

_IN_MEMORY = 32 * 1024 * 1024
_ROWS = 4_096
"""Rows encoded at once, so that the server reads some while the next are encoded."""


class Spool:
    """The staged rows of one entity, in order.

    Attributes:
        entity: whose rows.
        count: rows so far.
        platforms: of the rows so far.
    """

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.count = 0
        self.platforms: set[str] = set()
        self._hashes: list[pl.Series] = []
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - lives as long as the load
        self._stream = cast("IOBase", self._file)
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None

    def add(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Keep staged rows; gives what the server must know of them to find equal keys."""
        numbered = frame.with_columns(
            row_no=pl.int_range(self.count, self.count + len(frame), dtype=pl.Int64)
        )
        self.count += len(frame)
        self.platforms |= set(frame["platform"].unique())
        self._hashes.append(key_hashes(self.entity, frame))
        rows = arrow(frame.with_columns(payload_refs()).rechunk())
        if self._writer is None:
            self._writer = pa.ipc.new_stream(self._stream, rows.schema)
        self._writer.write_table(rows)
        return key_rows(self.entity, numbered)

    @property
    def hashes(self) -> pl.Series:
        """A number per row, equal where keys are equal."""
        return pl.concat(self._hashes)

    @property
    def may_repeat(self) -> bool:
        """False when no two rows have the same key."""
        return self.hashes.n_unique() < self.count

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows again, in order."""
        if self._writer is not None:
            self._writer.close()
        self._file.seek(0)
        with pa.ipc.open_stream(self._stream) as reader:
            yield from reader

    def close(self) -> None:
        """Let go of the rows."""
        self._file.close()


class Seen:
    """Which keys a batch has brought so far, eight bytes for each."""

    def __init__(self) -> None:
        self._runs: list[np.ndarray[Any, Any]] = []

    def add(self, hashes: pl.Series) -> pl.Series:
        """Take the numbers of some keys; gives for each whether it had been taken before."""
        numbers = hashes.to_numpy()
        known = np.zeros(len(numbers), bool)
        for run in self._runs:
            known |= run[np.minimum(np.searchsorted(run, numbers), len(run) - 1)] == numbers
        self._runs.append(np.sort(numbers))
        while len(self._runs) > 1 and len(self._runs[-1]) >= len(self._runs[-2]):
            self._runs[-2:] = [np.sort(np.concatenate(self._runs[-2:]))]
        return pl.Series(known)


def key_rows(entity: Entity, frame: pl.DataFrame) -> pl.DataFrame:
    """Key, record and times of staged rows, named as the merge names them."""
    names = ["row_no", "record_no", *entity.key]
    if entity.rule == "version":
        frame = frame.with_columns(last_observed_at=pl.col("observed_at"))
        names += ["first_observed_at", "last_observed_at"]
    if entity.sticky:
        names += [*entity.sticky, "collected_no"]
    return frame.select(names)


def arrow(frame: pl.DataFrame) -> pa.Table:
    """The frame with Arrow's oldest types, which every reader knows."""
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


class Binary:
    """Record batches as a file of COPY's binary format that psycopg2 can read; encoded as they are read."""

    def __init__(self, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        self._blocks = self._encoded(schema, batches)

    def read(self, size: int = -1, /) -> bytes:
        """The next block, of whatever size; empty at the end."""
        return next(filter(None, self._blocks), b"")

    def readline(self, size: int = -1, /) -> bytes:
        """Only there because psycopg2 asks for it."""
        raise NotImplementedError

    @staticmethod
    def _encoded(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
        encoder = ArrowToPostgresBinaryEncoder(schema)
        yield encoder.write_header()
        for batch in batches:
            for start in range(0, batch.num_rows, _ROWS):
                yield encoder.write_batch(batch.slice(start, _ROWS))
        yield encoder.finish()
