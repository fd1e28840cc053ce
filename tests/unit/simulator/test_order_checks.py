"""What a gateway refuses of an order, with which code; a working order lives on when its change is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ibwire.simulator import request_times
from ibwire.simulator.instruments import INSTRUMENTS, by_local_symbol
from ibwire.simulator.price_grid import increment, is_on_grid, round_less_eager
from ibwire.wire import messages as m
from tests.helpers.order_floor import OrderFloor, an_order
from tests.helpers.simulated import AAPL_CONTRACT, MSFT_CONTRACT, limit

BUY = ("BUY", "10")
CL = m.Contract(local_symbol="CLZ3", sec_type="FUT", exchange="NYMEX")
BTC = m.Contract(local_symbol="BTC.USD", sec_type="CRYPTO", exchange="PAXOS")
EURUSD = m.Contract(local_symbol="EUR.USD", sec_type="CASH", exchange="IDEALPRO")
HK700 = m.Contract(local_symbol="700", sec_type="STK", exchange="SEHK")
VIX = m.Contract(symbol="VIX", sec_type="IND", exchange="CBOE")
CASH_ORDER = ("BUY", "20000")


@pytest.mark.parametrize(
    ("code", "order", "contract"),
    [
        (111, an_order(*BUY, "STP", aux_price=101.0, tif="IOC"), AAPL_CONTRACT),
        (111, an_order(*BUY, "STP", aux_price=101.0, tif="OPG"), AAPL_CONTRACT),
        (113, an_order(*BUY, "MOC", tif="GTC"), AAPL_CONTRACT),
        (110, an_order(*BUY, "STP", aux_price=101.001), AAPL_CONTRACT),
        (110, an_order(*BUY, "STP LMT", aux_price=101.0, lmt_price=101.001), AAPL_CONTRACT),
        (110, an_order(*BUY, "TRAIL", aux_price=0.001), AAPL_CONTRACT),
        (110, an_order(*BUY, "TRAIL", aux_price=float("nan")), AAPL_CONTRACT),
        (110, an_order(*BUY, "TRAIL LIMIT", aux_price=1.0, lmt_price_offset=float("inf")), AAPL_CONTRACT),
        (158, an_order(*BUY, "TRAIL"), AAPL_CONTRACT),
        (158, an_order(*BUY, "TRAIL", aux_price=1.0, trailing_percent=1.0), AAPL_CONTRACT),
        (159, an_order(*BUY, "TRAIL", trailing_percent=101.0), AAPL_CONTRACT),
        (159, an_order(*BUY, "REL", percent_offset=float("nan")), AAPL_CONTRACT),
        (321, an_order(*BUY, "TRAIL LIMIT", aux_price=1.0), AAPL_CONTRACT),
        (321, an_order(*BUY, "REL", aux_price=-1.0), AAPL_CONTRACT),
        (321, limit(*BUY, 0.0), AAPL_CONTRACT),
        (321, limit(*BUY, -5.0), AAPL_CONTRACT),
        (403, an_order(*BUY, "STP"), AAPL_CONTRACT),
        (403, an_order(*BUY, "STP", aux_price=-1.0), AAPL_CONTRACT),
        (321, limit(*BUY, 99.0, oca_group="a", oca_type=4), AAPL_CONTRACT),
        (334, limit(*BUY, 99.0, tif="GTD"), AAPL_CONTRACT),
        (334, limit(*BUY, 99.0, tif="GTD", good_till_date="20200101-00:00:00"), AAPL_CONTRACT),
        (337, limit(*BUY, 99.0, good_after_time="tomorrow"), AAPL_CONTRACT),
        (337, limit(*BUY, 99.0, conditions=(m.OrderCondition(type=3, time="never"),)), AAPL_CONTRACT),
        (147, limit(*BUY, 99.0, conditions=(m.OrderCondition(type=1, con_id=1, price=1.0, trigger_method=0),)),
         AAPL_CONTRACT),
        (320, limit(*BUY, 99.0, conditions=(m.OrderCondition(type=1, con_id=265598, price=1.0),)), AAPL_CONTRACT),
        (387, an_order("BUY", "1", "STP", aux_price=1.0), BTC),
        (387, an_order("BUY", "1", "MKT"), VIX),
        (387, an_order(*CASH_ORDER, "MIDPRICE"), EURUSD),
        (388, limit("BUY", "0.00001", 99.0), AAPL_CONTRACT),
        (355, limit("BUY", "150", 440.0), HK700),
        (321, limit(*BUY, 99.0), m.Contract(sec_type="BAG", symbol="AAPL")),
    ],
)  # fmt: skip
def test_order_that_cannot_be_is_refused_with_its_code_alone(code: int, order: m.Order, contract: m.Contract) -> None:
    floor = OrderFloor()
    assert floor.place(1, order, contract) == [f"E {code}"]
    assert floor.desk.all_open_orders() == []


@pytest.mark.parametrize(
    ("order", "contract"),
    [
        (limit("BUY", "1", -37.63), CL),
        (limit(*CASH_ORDER, 1.17005), EURUSD),
        (limit("BUY", "100", 440.2), HK700),
        (limit("BUY", "0.5", 99.0), AAPL_CONTRACT),
    ],
)
def test_order_that_fits_its_instrument_is_taken(order: m.Order, contract: m.Contract) -> None:
    assert OrderFloor().place(1, order, contract)[-1].startswith("S Submitted")


@pytest.mark.parametrize(
    ("code", "changed", "contract"),
    [
        (105, limit("SELL", "10", 99.0), AAPL_CONTRACT),
        (105, limit("BUY", "10", 99.0), MSFT_CONTRACT),
        (105, limit("BUY", "10", 99.0, parent_id=9), AAPL_CONTRACT),
        (110, limit("BUY", "10", 99.001), AAPL_CONTRACT),
        (329, an_order("BUY", "10", "STP", aux_price=101.0), AAPL_CONTRACT),
    ],
)
def test_change_that_cannot_be_is_refused_and_the_order_lives_on(
    code: int, changed: m.Order, contract: m.Contract
) -> None:
    floor = OrderFloor()
    floor.place(1, limit("BUY", "10", 99.0))
    assert floor.place(1, changed, contract) == [f"E {code}"]
    assert floor.move(ask=99.0, ask_size=10)[0] == "X BOT 10@99.0"


def test_id_of_an_order_that_is_over_is_a_duplicate_unless_it_filled() -> None:
    floor = OrderFloor()
    floor.place(1, limit("BUY", "10", 99.0))
    floor.cancel(1)
    assert floor.place(1, limit("BUY", "10", 99.0)) == ["E 103"]
    floor.place(2, an_order("BUY", "10", "MKT"))
    assert floor.place(2, an_order("BUY", "20", "MKT")) == ["E 104"]


# --- the price grid


def test_grid_is_that_of_the_market_rule_at_the_price() -> None:
    option = by_local_symbol("E4AN4 C5655")
    assert option is not None
    assert [increment(option, Decimal(price)) for price in ("9.95", "10", "-12")] == [
        Decimal("0.05"),
        Decimal("0.25"),
        Decimal("0.25"),
    ]
    assert is_on_grid(option, Decimal("9.95"))
    assert not is_on_grid(option, Decimal("10.05"))


@given(
    instrument=st.sampled_from(INSTRUMENTS),
    price=st.decimals(min_value="0.01", max_value="99999", places=6),
    is_buy=st.booleans(),
)
def test_rounded_price_is_on_the_grid_less_than_a_step_away_and_no_more_eager(
    instrument: Any, price: Decimal, *, is_buy: bool
) -> None:
    rounded = round_less_eager(instrument, price, is_buy=is_buy)
    assert is_on_grid(instrument, rounded)
    assert rounded <= price if is_buy else rounded >= price
    assert abs(rounded - price) < increment(instrument, price)


# --- times


@pytest.mark.parametrize(
    ("text", "unix_s", "names_zone"),
    [
        ("20260408-15:00:00", 1_775_660_400, True),
        ("20260408 15:00:00 UTC", 1_775_660_400, True),
        ("20260408 11:00:00 US/Eastern", 1_775_660_400, True),
        ("20260408 15:00:00", 1_775_660_400, False),
    ],
)
def test_times_are_read_in_their_zone(text: str, unix_s: int, *, names_zone: bool) -> None:
    assert request_times.parse(text) == request_times.RequestTime(unix_s, names_zone)


@given(st.text() | st.sampled_from(["20260408 15:00:00 Mars", "20261308-15:00:00", "20260408 15:00:00 ../etc"]))
def test_text_that_is_no_time_is_none(text: str) -> None:
    assert request_times.parse(text) is None
