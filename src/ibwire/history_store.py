"""What has been downloaded, on disk: a SQLite file with the bars or ticks of each span that is complete.

A span and what it has are written in one transaction, so that whatever ends the process leaves whole spans and nothing
else. Several downloads, also of several processes, may share a file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import msgspec

from ibwire.exceptions import ConfigurationError
from ibwire.history_spans import Interval, joined
from ibwire.wire import messages as m

_FORMAT = 1
_BUSY_S = 30.0
"""How long another process's transaction is waited for."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spans (
    series TEXT NOT NULL,
    start_s INTEGER NOT NULL,
    end_s INTEGER NOT NULL,
    bars BLOB NOT NULL,
    PRIMARY KEY (series, start_s, end_s)
)
"""

R = TypeVar("R", bound=msgspec.Struct)


class BarStore:
    """Bars and ticks on disk, by series (any text that names contract, bar size and kind of data).

    Bars are kept as the gateway sent them. Writing a span takes a few milliseconds of the event loop. Raises
    ConfigurationError for a file that is no store, is damaged, or is one of a later ibwire.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        try:
            # Without transactions of Python's own: each statement here is one.
            self._database = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None)
        except sqlite3.Error as error:
            raise ConfigurationError(f"{self.path} cannot be opened as a store of bars: {error}") from error
        try:
            (format_,) = self._database.execute("PRAGMA user_version").fetchone()
            if format_ not in (0, _FORMAT):
                raise ConfigurationError(
                    f"{self.path} has format {format_} of a store of bars; this ibwire has {_FORMAT}"
                )
            self._database.execute("PRAGMA journal_mode = WAL")
            # Losing power may cost the last span, but never the file: it is asked for again then.
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute(_SCHEMA)
            self._database.execute(f"PRAGMA user_version = {_FORMAT}")
        except sqlite3.Error as error:
            self.close()
            raise ConfigurationError(f"{self.path} is no store of bars: {error}") from error
        except ConfigurationError:
            self.close()
            raise

    def __enter__(self) -> BarStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. Safe to call again."""
        self._database.close()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept in it."""
        return next(self._rows("SELECT 1 FROM spans LIMIT 1"), None) is None

    def add(self, series: str, span: Interval, records: Sequence[msgspec.Struct]) -> None:
        """Keep a span (whole seconds) that is complete, with its bars or ticks; none is an answer too.

        Raises OSError if the disk takes no more; what was kept before stays.
        """
        row = (series, _unix(span.start), _unix(span.end), msgspec.msgpack.encode(records))
        try:
            self._database.execute("INSERT OR REPLACE INTO spans VALUES (?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise OSError(f"{self.path} cannot be written to: {error}") from error

    def covered(self, series: str) -> list[Interval]:
        """Which time is there: disjoint spans, in order."""
        rows = self._rows("SELECT start_s, end_s FROM spans WHERE series = ?", series)
        return joined(Interval(_moment(start_s), _moment(end_s)) for start_s, end_s in rows)

    def bars(self, series: str, span: Interval) -> Iterable[tuple[m.HistoricalDataBar, ...]]:
        """The bars of the spans that touch this one, as they were kept, in the order in which they came."""
        return (bars for _, bars in self.spans(series, span, m.HistoricalDataBar))

    def spans(self, series: str, span: Interval, kind: type[R]) -> Iterable[tuple[Interval, tuple[R, ...]]]:
        """The spans that touch this one, in the order in which they came, each with all its records."""
        rows = self._rows(
            "SELECT start_s, end_s, bars FROM spans WHERE series = ? AND end_s > ? AND start_s < ? ORDER BY rowid",
            *(series, _unix(span.start), _unix(span.end)),
        )
        for start_s, end_s, blob in rows:
            yield Interval(_moment(start_s), _moment(end_s)), _decoder(kind).decode(blob)

    def _rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._database.execute(query, values)
        except sqlite3.Error as error:
            raise ConfigurationError(f"{self.path} is damaged: {error}", hint="delete it and start anew") from error


@cache
def _decoder(kind: type[msgspec.Struct]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(tuple[kind, ...])  # type: ignore[valid-type]


def _unix(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(unix_s: int) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)
