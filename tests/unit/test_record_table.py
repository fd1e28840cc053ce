"""Records as tables of other libraries."""

from __future__ import annotations

import builtins
import importlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import asdict

from ibwire.exceptions import LibraryMissing
from ibwire.history import Histogram, PriceLevel
from ibwire.history_bars import Bar, Bars
from ibwire.history_sessions import Schedule, TradingSession
from ibwire.history_ticks import MidpointTick, QuoteTick, Ticks, TradeTick
from ibwire.record_table import RecordTable

TIMED = Bar(
    start=datetime(2026, 4, 10, 13, 30, tzinfo=UTC),
    open=1.0,
    high=2.0,
    low=0.5,
    close=1.5,
    volume=Decimal("10.5"),
    average=Decimal("1.25"),
    count=3,
)
OF_QUOTES = Bar(start=datetime(2026, 4, 10, 13, 31, tzinfo=UTC), open=1.0, high=2.0, low=0.5, close=1.5)
DAILY = Bar(start=date(2026, 4, 10), open=1.0, high=2.0, low=0.5, close=1.5)
NAMES = ["start", "open", "high", "low", "close", "volume", "average", "count", "is_closed"]


def test_bars_are_a_sequence() -> None:
    bars = Bars([TIMED, OF_QUOTES], ())
    assert (len(bars), bars[0], bars[1:], list(bars)) == (2, TIMED, (OF_QUOTES,), [TIMED, OF_QUOTES])
    assert bars == Bars([TIMED, OF_QUOTES], None)
    assert bars != Bars([TIMED], ())


def test_pandas_gets_times_as_times_and_numbers_as_numbers() -> None:
    pandas = pytest.importorskip("pandas")
    frame = Bars([TIMED, OF_QUOTES], ()).to_pandas()
    assert list(frame.columns) == NAMES
    assert frame["start"].dt.tz is not None
    assert frame["start"][0] == pandas.Timestamp("2026-04-10 13:30", tz="UTC")
    assert frame["volume"].tolist()[0] == 10.5
    assert frame["volume"].isna().tolist() == [False, True]
    assert frame["volume"].dtype == frame["open"].dtype == "float64"
    days = Bars([DAILY], ()).to_pandas()
    assert days["start"][0] == pandas.Timestamp("2026-04-10")
    assert list(Bars([], ()).to_pandas().columns) == NAMES


SECOND = datetime(2026, 4, 10, 13, 30, tzinfo=UTC)
TRADES = [
    TradeTick(time=SECOND, price=1.5, size=Decimal(7), exchange="ARCA"),
    TradeTick(time=SECOND, price=1.6, size=None, is_past_limit=True),
]
QUOTES = [QuoteTick(time=SECOND, bid=1.5, ask=None, bid_size=Decimal("0.5"), ask_size=None)]
SESSION = TradingSession(SECOND, SECOND + timedelta(hours=6), date(2026, 4, 10))
TABLES: dict[str, RecordTable[Any]] = {
    "bars": Bars([TIMED, OF_QUOTES], ()),
    "days": Bars([DAILY], ()),
    "trades": Ticks(TradeTick, TRADES),
    "quotes": Ticks(QuoteTick, QUOTES),
    "midpoints": Ticks(MidpointTick, [MidpointTick(SECOND, 1.5)]),
    "histogram": Histogram(PriceLevel, [PriceLevel(1.5, Decimal(3)), PriceLevel(1.6, Decimal("0.25"))]),
    "schedule": Schedule([SESSION], "US/Eastern", None),
    "no trades": Ticks(TradeTick, []),
}
every_kind = pytest.mark.parametrize("name", TABLES)


def expected(table: RecordTable[Any]) -> list[dict[str, Any]]:
    """The records as plain values: floats for exact numbers, None for what is missing."""
    return [
        {name: float(value) if isinstance(value, Decimal) else value for name, value in asdict(record).items()}
        for record in table
    ]


def rows_of(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


@every_kind
def test_every_kind_of_record_becomes_columns(name: str) -> None:
    assert rows_of(TABLES[name].columns()) == expected(TABLES[name])


@every_kind
def test_every_kind_of_record_becomes_a_table_of_arrow(name: str) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed here")
    table = TABLES[name]
    made = table.to_arrow()
    assert made.column_names == list(table.columns())
    assert made.to_pylist() == expected(table)


@every_kind
def test_every_kind_of_record_becomes_a_table_of_polars(name: str) -> None:
    pytest.importorskip("polars", reason="polars is not installed here")
    table = TABLES[name]
    made = table.to_polars()
    assert made.columns == list(table.columns())
    assert made.to_dicts() == expected(table)


@every_kind
def test_every_kind_of_record_becomes_a_table_of_pandas(name: str) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed here")
    table = TABLES[name]
    made = table.to_pandas()
    assert list(made.columns) == list(table.columns())
    for row, record in zip(made.to_dict("records"), expected(table), strict=True):
        for field, value in record.items():
            if value is None:
                assert pandas.isna(row[field])
            else:
                assert row[field] == (pandas.Timestamp(value) if isinstance(value, date) else value)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_missing_library_is_named_with_what_to_do(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, *_: Any) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    method = {"pandas": "to_pandas", "polars": "to_polars", "pyarrow": "to_arrow"}[library]
    with pytest.raises(LibraryMissing, match=f"{library}.*pip install {library}") as caught:
        getattr(Bars([TIMED], ()), method)()
    assert isinstance(caught.value, builtins.ImportError)
