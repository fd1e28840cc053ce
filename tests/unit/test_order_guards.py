"""The guards: which account, and what an order is worth."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ibwire.exceptions import InvalidOrder, LiveTradingDisabled, OrderLimitExceeded
from ibwire.order_guards import account_for, check_limits, value_of
from ibwire.orders import Order, limit, market, stop
from ibwire.settings import TradingSettings
from ibwire.wire import messages as m

SHARE = m.Contract(con_id=1, sec_type="STK", exchange="SMART")
FUTURE = m.Contract(con_id=2, sec_type="FUT", exchange="CME", multiplier=50.0)
PAPER, LIVE = "DU1234567", "U1234567"


@pytest.mark.parametrize(
    ("order", "contract", "value"),
    [
        (limit("BUY", 10, "99.5"), SHARE, Decimal("995.0")),
        (stop("SELL", 10, 90), SHARE, 900),
        (limit("BUY", 2, 5000), FUTURE, 500_000),
        (limit("BUY", 2, -3), FUTURE, 300),
        (market("BUY", 10), SHARE, None),
        (limit("BUY", 2, 5000), replace(FUTURE, multiplier=None), None),
        (limit("BUY", 2, 5000), m.Contract(con_id=2, exchange="CME"), None),
        (replace(market("BUY", 1), total_quantity=None, cash_qty=Decimal(700)), SHARE, 700),
    ],
)
def test_value_is_at_the_orders_own_price_or_not_known(order: Order, contract: m.Contract, value: Decimal) -> None:
    assert value_of(order, contract) == value


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.integers(1, 10_000), st.integers(1, 10**7))
def test_nothing_above_a_limit_passes(quantity: int, price: int, most: int, worth: int) -> None:
    settings = TradingSettings(max_order_quantity=Decimal(most), max_order_value=Decimal(worth))
    try:
        check_limits(limit("BUY", quantity, price), SHARE, settings)
    except OrderLimitExceeded:
        assert quantity > most or quantity * price > worth
    else:
        assert quantity <= most
        assert quantity * price <= worth


def test_the_account_is_the_one_given_or_the_only_one() -> None:
    order = limit("BUY", 1, 1)
    assert account_for(order, TradingSettings(), (PAPER,)) == PAPER
    assert account_for(replace(order, account=PAPER), TradingSettings(), (PAPER, LIVE)) == PAPER
    with pytest.raises(InvalidOrder, match="2 accounts"):
        account_for(order, TradingSettings(), (PAPER, "DU7654321"))
    with pytest.raises(LiveTradingDisabled):
        account_for(order, TradingSettings(account=LIVE), (PAPER, LIVE))
    assert account_for(order, TradingSettings(account=LIVE, allow_live=True), (PAPER, LIVE)) == LIVE
