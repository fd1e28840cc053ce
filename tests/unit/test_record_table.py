"""Records as tables of other libraries."""

from __future__ import annotations

import builtins
import importlib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ibwire.exceptions import LibraryMissing
from ibwire.history_bars import Bar, Bars

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


def test_polars_gets_the_same_columns() -> None:
    pytest.importorskip("polars", reason="polars is not installed here")
    frame = Bars([TIMED, OF_QUOTES], ()).to_polars()
    assert frame.columns == NAMES
    assert frame["volume"].to_list() == [10.5, None]


def test_arrow_gets_the_same_columns() -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed here")
    table = Bars([TIMED, OF_QUOTES], ()).to_arrow()
    assert table.column_names == NAMES
    assert table["volume"].to_pylist() == [10.5, None]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_missing_library_is_named_with_what_to_do(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, *_: Any) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    method = {"pandas": "to_pandas", "polars": "to_polars", "pyarrow": "to_arrow"}[library]
    with pytest.raises(LibraryMissing, match=f"{library}.*pip install {library}") as caught:
        getattr(Bars([TIMED], ()), method)()
    assert isinstance(caught.value, builtins.ImportError)
