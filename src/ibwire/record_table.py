"""Sequences of records that turn into tables of pandas, polars or Arrow, where those are installed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar, overload

from msgspec import Struct

from ibwire.exceptions import LibraryMissing

R = TypeVar("R", bound=Struct)


class RecordTable(Sequence[R], Generic[R]):
    """An immutable sequence of records of one class.

    As a table it has a column for each field, in order. Times are timestamps in UTC, dates those of the library (in
    pandas midnights without a zone); exact numbers (`Decimal`) become floats, and what is missing the library's own
    missing value.
    """

    def __init__(self, kind: type[R], records: Sequence[R]) -> None:
        self._kind = kind
        self._records = tuple(records)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[R]:
        return iter(self._records)

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[R, ...]: ...
    def __getitem__(self, index: int | slice) -> R | tuple[R, ...]:
        return self._records[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordTable) and self._records == other._records

    def __hash__(self) -> int:
        return hash(self._records)

    def __repr__(self) -> str:
        shown = f"{self[0]!r} … {self[-1]!r}" if self else ""
        return f"<{type(self).__name__} of {len(self)}: {shown}>"

    def columns(self) -> dict[str, list[Any]]:
        """The fields as columns, by name: floats for exact numbers, None for what is missing."""
        return {
            name: [_plain(getattr(record, name)) for record in self._records] for name in self._kind.__struct_fields__
        }

    def to_pandas(self) -> Any:
        """A pandas DataFrame. Raises LibraryMissing without pandas."""
        pandas = _library("pandas")
        # pandas keeps a date as any object, a moment as a time.
        columns = {name: _moments(pandas, values) for name, values in self.columns().items()}
        return pandas.DataFrame(columns)

    def to_polars(self) -> Any:
        """A polars DataFrame. Raises LibraryMissing without polars."""
        return _library("polars").DataFrame(self.columns())

    def to_arrow(self) -> Any:
        """An Arrow table. Raises LibraryMissing without pyarrow."""
        return _library("pyarrow").table(self.columns())


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _moments(pandas: Any, values: list[Any]) -> Any:
    is_dates = bool(values) and isinstance(values[0], date) and not isinstance(values[0], datetime)
    return pandas.to_datetime(values) if is_dates else values


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise LibraryMissing(f"this needs {name}, which is not installed", hint=f"pip install {name}") from error
