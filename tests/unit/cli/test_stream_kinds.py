"""Which streams the words mean."""

from __future__ import annotations

import pytest

from ibwire.cli.frame import BadOption
from ibwire.cli.stream_kinds import kinds_of, requests_for
from ibwire.contract_texts import parse_contract
from ibwire.service_settings import STREAM_KINDS
from ibwire.wire import messages as m


def test_each_word_is_a_stream_that_the_instrument_has() -> None:
    quotes, ticks, depth, bars = requests_for(parse_contract("AAPL"), STREAM_KINDS)
    assert isinstance(quotes, m.MarketDataRequest)
    assert isinstance(ticks, m.TickByTickRequest)
    assert isinstance(depth, m.MarketDepthRequest)
    assert isinstance(bars, m.RealTimeBarsRequest)
    assert (ticks.tick_type, depth.is_smart_depth, bars.what_to_show) == ("AllLast", True, "TRADES")
    _, ticks, depth, bars = requests_for(parse_contract("EUR.USD"), STREAM_KINDS)
    assert isinstance(ticks, m.TickByTickRequest)
    assert isinstance(depth, m.MarketDepthRequest)
    assert isinstance(bars, m.RealTimeBarsRequest)
    assert (ticks.tick_type, depth.is_smart_depth, bars.what_to_show) == ("BidAsk", False, "MIDPOINT")


def test_a_list_names_each_kind_once() -> None:
    assert kinds_of("ticks, quotes,ticks") == ("ticks", "quotes")
    for wrong in ("quotes,news", "", ","):
        with pytest.raises(BadOption, match="write one or several of quotes, ticks, depth, bars"):
            kinds_of(wrong)
