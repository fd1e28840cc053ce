"""Positions, account values, summaries and profit and loss of the simulated gateway, after real fills."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import LiveFeed, quote
from tests.helpers.simulated import AAPL, OPENING, bought, codes, limit, placed, raw, simulated
from tests.helpers.virtual_time import on_virtual_time

ACCOUNT = "DU1234567"
SELL_ALL = m.Order(action="SELL", order_type="MKT", total_quantity="10")


def of_kind(messages: list[Message], kind: type[Message]) -> list[Message]:
    return [message for message in messages if isinstance(message, kind)]


def values(messages: list[Message]) -> dict[str, Decimal]:
    """Summary values by tag."""
    rows = [message for message in messages if isinstance(message, m.AccountSummary)]
    return {row.tag or "": Decimal(row.value or "") for row in rows}


async def test_positions_follow_fills_until_they_are_cancelled() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        assert await client.answers_to(m.PositionsRequest()) == [m.PositionEnd()]
        answers = await client.answers_to(bought(1, "10"))
        (position,) = of_kind(answers, m.Position)
        assert isinstance(position, m.Position)
        assert position.contract is not None
        assert (position.account, position.contract.con_id, position.position) == (ACCOUNT, AAPL, "10")
        assert position.avg_cost == pytest.approx(100.1 + 1.0 / 10), "the commission is part of the cost"
        (closed,) = of_kind(await client.answers_to(placed(2, SELL_ALL)), m.Position)
        assert isinstance(closed, m.Position)
        assert closed.position == "0"
        await client.answers_to(m.CancelPositions())
        assert of_kind(await client.answers_to(bought(3, "10")), m.Position) == []


async def test_commission_report_has_a_profit_only_for_what_it_closed() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        (opening,) = of_kind(await client.answers_to(bought(1, "10")), m.CommissionAndFeesReport)
        (closing,) = of_kind(await client.answers_to(placed(2, SELL_ALL)), m.CommissionAndFeesReport)
        assert isinstance(opening, m.CommissionAndFeesReport)
        assert isinstance(closing, m.CommissionAndFeesReport)
        assert opening.realized_pnl is None
        assert closing.realized_pnl == pytest.approx(10 * (100.0 - 100.1) - 2.0)
        again = of_kind(await client.answers_to(m.ExecutionRequest(req_id=9)), m.CommissionAndFeesReport)
        assert again == [opening, closing]


async def test_summary_has_the_tags_asked_for_and_a_third_one_is_refused() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        request = m.AccountSummaryRequest(1, "All", "TotalCashValue,NetLiquidation")
        answers = await client.answers_to(request)
        assert [row.tag for row in answers[:-1] if isinstance(row, m.AccountSummary)] == [
            "NetLiquidation",
            "TotalCashValue",
        ]
        assert answers[-1] == m.AccountSummaryEnd(1)
        await client.answers_to(m.AccountSummaryRequest(2, "All", "NetLiquidation"))
        assert codes(await client.answers_to(m.AccountSummaryRequest(3, "All", "NetLiquidation"))) == [(3, 322)]
        await client.answers_to(m.CancelAccountSummary(2))
        assert codes(await client.answers_to(m.AccountSummaryRequest(3, "All", "NetLiquidation"))) == []


async def test_cash_after_trades_is_what_the_executions_say() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        request = m.AccountSummaryRequest(1, "All", "TotalCashValue")
        before = values(await client.answers_to(request))["TotalCashValue"]
        await client.answers_to(m.CancelAccountSummary(1))
        await client.answers_to(bought(1, "50"))
        await client.answers_to(placed(2, limit("SELL", "20", 100.0)))
        news = await client.answers_to(m.ExecutionRequest(req_id=9))
        spent = Decimal(0)
        for execution in of_kind(news, m.ExecutionDetails):
            assert isinstance(execution, m.ExecutionDetails)
            fill = execution.execution
            assert fill is not None
            amount = Decimal(fill.shares or "") * Decimal(repr(fill.price))
            spent += amount if fill.side == "BOT" else -amount
        fees = sum(
            Decimal(repr(report.commission_and_fees))
            for report in news
            if isinstance(report, m.CommissionAndFeesReport)
        )
        after = values(await client.answers_to(request))["TotalCashValue"]
        assert after == before - spent - fees


async def test_account_updates_come_whole_and_again_after_a_fill() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(m.AccountDataRequest(subscribe=True, acct_code=ACCOUNT))
        assert answers[-1] == m.AccountDataEnd(ACCOUNT)
        assert {"NetLiquidation", "CashBalance"} <= {row.key for row in answers if isinstance(row, m.AccountValue)}
        news = await client.answers_to(bought(1, "10"))
        assert [row.position for row in news if isinstance(row, m.PortfolioValue)] == ["10"]
        assert of_kind(news, m.AccountDataEnd) == []
        await client.answers_to(m.AccountDataRequest(subscribe=False, acct_code=ACCOUNT))
        assert of_kind(await client.answers_to(bought(2, "10")), m.PortfolioValue) == []


@pytest.mark.parametrize(
    "request_",
    [
        m.PnLRequest(5, "DU9"),
        m.PositionsMultiRequest(5, "DU9"),
        m.AccountUpdatesMultiRequest(req_id=5, account="DU9"),
    ],
    ids=lambda request: type(request).__name__,
)
async def test_account_that_is_not_ours_is_refused(request_: Message) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        assert codes(await client.answers_to(request_)) == [(5, 321)]


@on_virtual_time
async def test_profit_and_loss_is_told_about_once_a_second_and_only_when_it_changed() -> None:
    feed = LiveFeed(OPENING)
    async with simulated(feed, port=4002) as gateway, raw(gateway, 1) as client:
        client.send(bought(1, "10"), m.PnLSingleRequest(req_id=7, account=ACCOUNT, con_id=AAPL))
        await asyncio.sleep(3)
        first = of_kind(client.messages, m.PnLSingle)[-1]
        told = len(of_kind(client.messages, m.PnLSingle))
        await asyncio.sleep(30)
        assert len(of_kind(client.messages, m.PnLSingle)) == told
        feed.tell(quote(AAPL, 110.0, 300, 110.1, 200))
        await asyncio.sleep(3)
        last = of_kind(client.messages, m.PnLSingle)[-1]
        assert isinstance(first, m.PnLSingle)
        assert isinstance(last, m.PnLSingle)
        assert first.unrealized_pnl is not None
        assert last.unrealized_pnl == pytest.approx(first.unrealized_pnl + 10 * 10)
