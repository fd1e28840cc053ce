"""What IBKR knows of a contract, typed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ibwire.contract_details import details_of
from ibwire.exceptions import InvalidRequest, NoData, UnreadableAnswer
from ibwire.wire import messages as m

APPLE = m.ContractDetails(
    min_tick="0.01",
    min_size="0.0001",
    size_increment="0.0001",
    suggested_size_increment="100",
    price_magnifier=1,
    valid_exchanges="SMART,AMEX,NYSE",
    market_rule_ids="26,27,28",
    order_types="LMT,MKT",
    time_zone_id="US/Eastern",
    trading_hours="20260406:0400-20260406:2000;20260411:CLOSED",
    liquid_hours="20260406:0930-20260406:1600;20260411:CLOSED",
    sec_id_list={"ISIN": "US0378331005"},
    agg_group=1,
)
STOCK = m.Contract(con_id=265598, symbol="AAPL", sec_type="STK", strike=0.0, right="?", exchange="SMART")


def data(contract: m.Contract = STOCK, **changes: object) -> m.ContractData:
    fields = {name: getattr(APPLE, name) for name in APPLE.__struct_fields__} | changes
    return m.ContractData(1, contract, m.ContractDetails(**fields))  # type: ignore[arg-type]


def test_numbers_are_exact_lists_are_lists_and_the_contract_is_normal() -> None:
    details = details_of(data())
    assert (details.min_tick, details.min_size) == (Decimal("0.01"), Decimal("0.0001"))
    assert details.valid_exchanges == ("SMART", "AMEX", "NYSE")
    assert details.order_types == ("LMT", "MKT")
    assert (details.contract.strike, details.contract.right) == (None, None)
    assert details.sec_ids == {"ISIN": "US0378331005"}
    assert details.as_sent.trading_hours == APPLE.trading_hours


def test_hours_are_all_or_the_liquid_ones() -> None:
    details = details_of(data())
    early = datetime(2026, 4, 6, 12, tzinfo=UTC)
    assert details.trading_hours().is_open(early)
    assert not details.trading_hours(liquid=True).is_open(early)
    with pytest.raises(NoData, match="AAPL"):
        details_of(data(liquid_hours="")).trading_hours(liquid=True)


def test_the_market_rule_is_that_of_the_exchange() -> None:
    details = details_of(data())
    assert details.market_rule_id() == 26
    assert details.market_rule_id("NYSE") == 28
    with pytest.raises(InvalidRequest, match="its exchanges are SMART, AMEX, NYSE"):
        details.market_rule_id("LSE")
    assert details_of(data(market_rule_ids="")).market_rule_id() is None
    with pytest.raises(UnreadableAnswer, match="2 market rules for 3 exchanges"):
        details_of(data(market_rule_ids="26,27")).market_rule_id()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20260618", None),
        ("20260618 08:30 US/Central", datetime(2026, 6, 18, 13, 30, tzinfo=UTC)),
        ("20260618-08:30:00 US/Central", datetime(2026, 6, 18, 13, 30, tzinfo=UTC)),
        ("20260618 08:30", datetime(2026, 6, 18, 12, 30, tzinfo=UTC)),  # in the contract's zone
    ],
)
def test_the_end_of_trading_is_told_where_ibkr_gives_a_time(text: str, expected: datetime | None) -> None:
    contract = m.Contract(con_id=1, symbol="ES", sec_type="FUT", last_trade_date_or_contract_month=text)
    details = details_of(data(contract))
    assert details.last_trade_at == expected
    assert details.contract.last_trade_date_or_contract_month == "20260618"


@pytest.mark.parametrize("stand_in", [None, "", "1.7976931348623157E308"])
def test_what_is_not_given_is_none(stand_in: str | None) -> None:
    assert details_of(data(min_tick=stand_in, agg_group=2147483647)).min_tick is None
    assert details_of(data(agg_group=2147483647)).agg_group is None


@pytest.mark.parametrize("change", [{"min_tick": "small"}, {"market_rule_ids": "26,x"}])
def test_a_field_that_cannot_be_read_is_named_with_its_contract(change: dict[str, object]) -> None:
    with pytest.raises(UnreadableAnswer, match=f"AAPL.*{next(iter(change))}"):
        details_of(data(**change))
