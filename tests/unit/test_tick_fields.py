"""The table of ticks: every field is filled by one tick, every generic tick brings fields that there are."""

from __future__ import annotations

from collections import Counter

import pytest

from ibwire import tick_fields
from ibwire.exceptions import InvalidRequest
from ibwire.quotes import GenericTicks, Quote

TABLES = (
    tick_fields.PRICES,
    tick_fields.SIZES,
    tick_fields.NUMBERS,
    tick_fields.TEXTS,
    tick_fields.TRADE_REPORTS,
    tick_fields.COMPUTATIONS,
    {
        tick_fields.HALTED: "halted",
        tick_fields.LAST_TIMESTAMP: "exchange_ns",
        tick_fields.DIVIDENDS: "dividends",
        tick_fields.NEWS: "headline",
    },
)
OF_THE_LINE = {
    *("contract", "generic", "received_ns", "tick_type", "market_data_kind", "min_tick", "bbo_exchange"),
    *("is_delayed", "is_stale", "skipped", "bid_attributes", "ask_attributes"),
}


def test_every_field_is_filled_by_one_tick_type_and_no_tick_type_stands_twice() -> None:
    fields = {*Quote.__struct_fields__, *GenericTicks.__struct_fields__} - OF_THE_LINE
    filled = Counter(name for table in TABLES for name in table.values())
    assert filled == dict.fromkeys(fields, 1)
    types = Counter(tick_type for table in (*TABLES, tick_fields.DELAYED) for tick_type in table)
    assert set(types.values()) == {1}
    assert set(tick_fields.DELAYED.values()) <= {tick_type for table in TABLES for tick_type in table}


def test_generic_ticks_bring_fields_that_there_are() -> None:
    names = [tick.name for tick in tick_fields.GENERIC_TICKS]
    assert len(set(names)) == len(names)
    for tick in tick_fields.GENERIC_TICKS:
        assert set(tick.fields) <= set(GenericTicks.__struct_fields__)


def test_generic_ticks_are_asked_for_by_name_in_one_order() -> None:
    assert tick_fields.generic_tick_list(["rt_volume", "news:BRFG+DJNL", "auction"]) == ("225", "233", "292:BRFG+DJNL")
    assert tick_fields.generic_tick_list(["auction", "auction"]) == ("225",)
    with pytest.raises(InvalidRequest, match="no such generic ticks: 233, volume; there are option_volume, "):
        tick_fields.generic_tick_list(["233", "auction", "volume"])
