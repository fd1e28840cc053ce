"""The options of a chain, from the list to the position: found, priced, bought and sold, and over at their end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ibwire.cli.chain_prices import prices_of
from ibwire.contracts import Contract, Future, FutureOption, Index, Option, OptionChain, Stock
from ibwire.exceptions import NoData, NoSecurityDefinition, OrderRejected
from ibwire.order_states import OrderState
from ibwire.orders import limit, market
from ibwire.quotes import Quote
from ibwire.session import IBSession
from ibwire.simulator import GatewayThread, GeneratedFeed, RealClock, SimulatedGateway
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import wall_clock
from tests.helpers.simulated import AAPL, simulated
from tests.helpers.trading_floor import a_moment, agree, trader
from tests.helpers.virtual_time import on_virtual_time

MULTIPLIER = 100
ESU6 = Future("ES", "CME", "202609")


@asynccontextmanager
async def market_of(path: Path, seed: int = 1) -> AsyncIterator[tuple[SimulatedGateway, IBSession]]:
    """A generated market on which nothing is played yet, and a session that trades there."""
    clock = RealClock(wall_clock)
    async with simulated(GeneratedFeed(seed, ()), port=PORT, clock=clock) as gateway, trader(path) as session:
        yield gateway, session


async def chain_of(session: IBSession, underlying: Contract = Stock("AAPL"), **more: str) -> OptionChain:  # noqa: B008
    (chain,) = await session.contracts.option_chain(underlying, **{"exchange": "SMART", **more})
    return chain


async def option_of(session: IBSession, right: str = "C", strike: float = 250.0) -> Contract:
    chain = await chain_of(session)
    expiry = chain.nearest_expiry(session.now().date() + timedelta(days=30))
    return await session.contracts.qualify(chain.option(expiry, right, strike))


@on_virtual_time
async def test_a_chain_and_an_expiry_in_one_request_are_the_same_contracts(tmp_path: Path) -> None:
    async with market_of(tmp_path) as (_, session):
        chain = await chain_of(session)
        expiry = chain.expiries[-1]
        found = await session.contracts.find(Option("AAPL", expiry, None, None))
        assert [one.contract.strike for one in found] == [*chain.strikes, *chain.strikes]
        assert {one.contract.right for one in found} == {"C", "P"}
        qualified = await session.contracts.qualify(chain.options([expiry], chain.strikes))
        assert {one.con_id for one in qualified} == {one.contract.con_id for one in found}
        assert {(one.under_con_id, one.contract.multiplier, one.min_tick) for one in found} == {
            (AAPL, MULTIPLIER, Decimal("0.01"))
        }
        assert await session.contracts.is_open(qualified[0]) in (True, False)
        assert await session.contracts.round_price(qualified[0], 1.234) == Decimal("1.23")


@on_virtual_time
async def test_options_on_futures_and_indices_are_found_as_well(tmp_path: Path) -> None:
    async with market_of(tmp_path) as (_, session):
        (on_future, *_) = await session.contracts.option_chain(ESU6)
        expiry = on_future.expiries[0]
        found = await session.contracts.find(FutureOption("ES", "CME", expiry, None, None))
        assert len(found) == 2 * len(on_future.strikes)
        assert {(one.under_symbol, one.contract.multiplier) for one in found} == {("ESU6", 50.0)}
        weekly = await chain_of(session, Index("SPX", "CBOE"), trading_class="SPXW")
        one = await session.contracts.qualify(weekly.option(weekly.expiries[0], "P", weekly.strikes[30]))
        assert (one.local_symbol or "").startswith("SPXW  ")


@on_virtual_time
async def test_an_id_finds_the_same_option_in_another_market(tmp_path: Path) -> None:
    async with market_of(tmp_path, seed=1) as (_, session):
        option = await option_of(session)
    async with market_of(tmp_path, seed=2) as (_, session):
        again = await session.contracts.qualify(Contract(con_id=option.con_id, exchange="SMART"))
        assert again == option


@on_virtual_time
async def test_quotes_computations_and_history_agree_with_the_share(tmp_path: Path) -> None:
    async with market_of(tmp_path) as (_, session):
        option = await option_of(session, "P", 260.0)
        quotes = []
        async with session.market_data.quotes(option) as stream:
            async for item in stream:
                if isinstance(item, Quote) and None not in (item.bid, item.ask, item.model_greeks):
                    quotes.append(item)
                if len(quotes) == 20:
                    break
        for quote in quotes:
            greeks = quote.model_greeks
            assert greeks is not None
            assert None not in (quote.bid, quote.ask, greeks.option_price, greeks.underlying_price, greeks.delta)
            assert quote.bid < greeks.option_price < quote.ask  # type: ignore[operator]
            assert greeks.option_price > 260 - greeks.underlying_price  # type: ignore[operator]
            assert -1 < greeks.delta < -0.5  # type: ignore[operator]
            assert quote.ask_greeks is not None
            assert quote.ask_greeks.implied_volatility == pytest.approx(greeks.implied_volatility, rel=0.05)
        snapshot = await session.market_data.snapshot(option)
        assert snapshot.close == pytest.approx(snapshot.ask, rel=0.5)
        # The past strays from the reference price by itself, as the market does: by about a percent of the share.
        bars = await session.history.bars(option, "1 day", duration="5 D")
        assert bars[-1].close == pytest.approx(snapshot.ask, abs=5)


@on_virtual_time
async def test_an_option_is_bought_and_sold_with_its_multiplier_in_the_books(tmp_path: Path) -> None:
    async with market_of(tmp_path) as (gateway, session):
        option = await option_of(session)
        cash_before = gateway.state().cash["DU1234567"]["USD"]
        bought = await session.trading.place(option, market("BUY", 2))
        assert await bought.done() is OrderState.FILLED
        await a_moment()
        (position,) = gateway.state().positions
        assert (position.contract.con_id, position.quantity) == (option.con_id, 2)
        assert bought.average_price is not None
        assert bought.commission == Decimal("1.30")
        assert position.average_cost == bought.average_price * MULTIPLIER + bought.commission / 2
        (held,) = (await session.account.positions().ready()).rows
        assert (held.contract.local_symbol, held.quantity) == (option.local_symbol, 2)
        await a_moment(20)
        quote = await session.market_data.snapshot(option)
        sold = await session.trading.place(option, limit("SELL", 2, Decimal(repr(quote.bid)) - Decimal("0.10")))
        assert await sold.done() is OrderState.FILLED
        await a_moment()
        assert sold.average_price is not None
        gained = 2 * MULTIPLIER * (sold.average_price - bought.average_price) - bought.commission - sold.commission  # type: ignore[operator]
        assert gateway.state().cash["DU1234567"]["USD"] - cash_before == gained
        assert gateway.state().positions[0].quantity == 0
        agree(gateway, session)


@on_virtual_time
async def test_an_option_that_is_over_can_be_held_and_not_ordered(tmp_path: Path) -> None:
    late = 0.0
    feed, clock = GeneratedFeed(1, ()), RealClock(lambda: wall_clock() + late)
    async with simulated(feed, port=PORT, clock=clock) as gateway, trader(tmp_path) as session:
        option = await option_of(session)
        bought = await session.trading.place(option, market("BUY", 1))
        assert await bought.done() is OrderState.FILLED
        late = 60 * 86_400.0
        await a_moment(2)
        sold = await session.trading.place(option, market("SELL", 1))
        with pytest.raises(OrderRejected, match="No security definition"):
            await sold.acknowledged()
        with pytest.raises(NoSecurityDefinition):
            await session.contracts.qualify(Contract(con_id=option.con_id))
        assert [one.contract.con_id for one in gateway.state().positions] == [option.con_id]


@on_virtual_time
async def test_on_a_market_that_is_not_generated_nothing_is_made_up(tmp_path: Path) -> None:
    async with market_of(tmp_path) as (_, session):
        option = await option_of(session)
    async with simulated(port=PORT, clock=RealClock(wall_clock)) as gateway, trader(tmp_path) as session:
        with pytest.raises(NoData, match="IBKR lists no options"):
            await session.contracts.option_chain(Stock("AAPL"))
        with pytest.raises(NoSecurityDefinition):
            await session.contracts.find(Option("AAPL", date(2026, 12, 18), None, None))
        with pytest.raises(NoSecurityDefinition):
            await session.market_data.snapshot(option)
        order = await session.trading.place(option, market("BUY", 1))
        with pytest.raises(OrderRejected, match="No security definition"):
            await order.acknowledged()
        with pytest.raises(ValueError, match="no instrument"):
            gateway.set_quote(option.con_id or 0, bid=1.0)


@on_virtual_time
async def test_prices_of_a_chain_leave_out_what_does_not_exist_or_never_comes_and_say_why(tmp_path: Path) -> None:
    async with market_of(tmp_path) as (gateway, session):
        option = await option_of(session)
        missing = Option("AAPL", "20261218", "C", Decimal("250.01"))
        prices = await prices_of(session, [option, missing])
        assert list(prices.quotes) == [option]
        assert "No security definition" in str(prices.problem)
        assert prices.cells(missing) == ("", "", "", "")
        await gateway.inject("farm_down", farm="usopt")
        assert (await prices_of(session, [await option_of(session, "P")])).quotes == {}


@on_virtual_time
async def test_nothing_is_made_before_somebody_asks_for_it(tmp_path: Path) -> None:
    async with market_of(tmp_path) as (gateway, session):
        await chain_of(session)
        await session.contracts.find(Option("AAPL", date(2026, 12, 18), None, None))
        assert gateway.market.con_ids == ()
        option = await option_of(session)
        await session.market_data.snapshot(option)
        assert gateway.market.con_ids == (AAPL, option.con_id)


def test_the_quote_of_an_option_is_set_by_its_name() -> None:
    with GatewayThread() as gateway:
        name = gateway.call(lambda one: one.catalogue().find(symbol="AAPL", sec_type="OPT")[0].local_symbol)
        gateway.set_quote(name, bid=1.0, ask=1.1)
        with pytest.raises(ValueError, match="no instrument"):
            gateway.set_quote("AAPL  200103C00250000", bid=1.0)
