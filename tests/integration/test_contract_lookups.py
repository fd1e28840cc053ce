"""Contracts looked up at the simulated gateway: every method, its errors, and a link that falls meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ibwire.contracts import (
    ContFuture,
    Contract,
    Contracts,
    Forex,
    Future,
    Index,
    Rounding,
    Stock,
    format_contract,
    parse_contract,
)
from ibwire.events import EventType
from ibwire.exceptions import (
    AmbiguousContract,
    InvalidRequest,
    NoData,
    NoSecurityDefinition,
    NotAllQualified,
    RequestTimeout,
)
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, ContractSettings, Settings
from ibwire.simulator import GatewayLimits, GeneratedFeed, RealClock, SimulatedGateway
from ibwire.simulator.instruments import INSTRUMENTS
from ibwire.wire import messages as m
from tests.helpers.sessions import session_at, told, wall_clock
from tests.helpers.simulated import AAPL, simulated, within
from tests.helpers.virtual_time import on_virtual_time

ES = Future("ES", "CME", "202603")


@asynccontextmanager
async def looking_up(cache: Path | None = None) -> AsyncIterator[Contracts]:
    """A session's contracts, over TCP to a gateway of its own."""
    async with simulated(GeneratedFeed(1, ()), clock=RealClock(wall_clock)) as gateway:
        settings = Settings(connection=ConnectionSettings(port=gateway.port), contracts=ContractSettings(cache=cache))
        async with IBSession(settings, clock=wall_clock) as session:
            yield session.contracts


async def test_every_instrument_is_qualified_by_its_con_id_and_its_text_leads_back_to_it() -> None:
    async with looking_up() as contracts:
        asked = [Contract(con_id=one.con_id, exchange=one.exchange) for one in INSTRUMENTS]
        qualified = await within(contracts.qualify(asked))
        assert [one.con_id for one in qualified] == [one.con_id for one in INSTRUMENTS]
        described = [parse_contract(format_contract(one)) for one in qualified]
        assert described == qualified
        for instrument, one in zip(INSTRUMENTS, qualified, strict=True):
            assert (one.symbol, one.sec_type, one.local_symbol) == (
                instrument.symbol,
                instrument.sec_type,
                instrument.local_symbol,
            )
            assert one.exchange in instrument.valid_exchanges.split(",")


async def test_kinds_are_qualified_by_what_people_call_them() -> None:
    async with looking_up() as contracts:
        asked = [Stock("AAPL"), Forex("EUR.USD"), ES, ContFuture("ES", "CME"), Index("SPX", "CBOE")]
        apple, euro, future, continuous, index = await within(contracts.qualify(asked))
        assert (apple.con_id, apple.primary_exch, apple.strike, apple.right) == (AAPL, "NASDAQ", None, None)
        assert (euro.sec_type, euro.exchange) == ("CASH", "IDEALPRO")
        assert (future.local_symbol, future.multiplier) == ("ESH6", 50.0)
        assert continuous.sec_type == "CONTFUT"
        assert index.con_id == 416904


async def test_unknown_and_ambiguous_contracts_are_typed_errors() -> None:
    async with looking_up() as contracts:
        with pytest.raises(NoSecurityDefinition, match="IBKR knows no contract NOPE") as unknown:
            await within(contracts.qualify(Stock("NOPE")))
        assert unknown.value.code == 200
        with pytest.raises(AmbiguousContract, match="FUT:ES:CME:20260320") as ambiguous:
            await within(contracts.qualify(Future("ES", "CME")))
        assert ambiguous.value.deciding == ("last_trade_date_or_contract_month",)
        assert len(ambiguous.value.candidates) == 5
        with pytest.raises(NotAllQualified, match="2 of 3"):
            await within(contracts.qualify([Stock("AAPL"), Stock("NOPE"), Future("ES", "CME")]))


async def test_details_and_all_that_fits_a_description() -> None:
    async with looking_up() as contracts:
        details = await within(contracts.details(Stock("AAPL")))
        assert (details.min_tick, details.long_name, details.stock_type) == (Decimal("0.01"), "APPLE INC", "COMMON")
        assert details.valid_exchanges[0] == "SMART"
        assert len(details.market_rule_ids) == len(details.valid_exchanges)
        found = await within(contracts.find(Future("ES", "CME")))
        assert [one.contract.local_symbol for one in found] == ["ESH4", "ESZ5", "ESH6", "ESM6", "ESU6"]
        assert all(one.under_symbol == "ES" for one in found)


async def test_a_search_finds_symbols_and_nothing_is_an_answer_too() -> None:
    async with looking_up() as contracts:
        first, *_ = await within(contracts.search("AAPL"))
        assert (first.contract.con_id, first.contract.sec_type) == (AAPL, "STK")
        assert "OPT" in first.derivative_sec_types
        assert (await within(contracts.qualify(first.contract))).exchange == "SMART"
        assert await within(contracts.search("zzzzzz")) == ()


async def test_an_option_chain_is_told_by_exchange_and_class() -> None:
    async with looking_up() as contracts:
        chains = await within(contracts.option_chain(Stock("AAPL")))
        assert len({(one.exchange, one.trading_class) for one in chains}) == len(chains) > 1
        (chain,) = await within(contracts.option_chain(Stock("AAPL"), exchange="SMART", trading_class="AAPL"))
        strike = chain.strikes_around(250.0, 1)[0]
        option = chain.option(chain.expiries[0], "C", strike)
        assert (option.symbol, option.strike, option.multiplier) == ("AAPL", strike, 100.0)
        on_future, *_ = await within(contracts.option_chain(Future("ES", "CME", "202609")))
        assert on_future.options(on_future.expiries[:1], on_future.strikes[:1])[0].sec_type == "FOP"


async def test_no_options_are_an_error_that_says_what_there_is() -> None:
    async with looking_up() as contracts:
        with pytest.raises(NoData, match="IBKR lists no options"):
            await within(contracts.option_chain(Forex("EUR.USD")))
        with pytest.raises(NoData, match="there are AAPL at AMEX"):
            await within(contracts.option_chain(Stock("AAPL"), exchange="LSE"))
        with pytest.raises(NoSecurityDefinition):
            await within(contracts.option_chain(Stock("NOPE")))


async def test_prices_are_rounded_by_rule_or_tick() -> None:
    async with looking_up() as contracts:
        assert await within(contracts.round_price(Stock("AAPL"), 250.126)) == Decimal("250.13")
        assert await within(contracts.round_price(ES, 6900.3, Rounding.UP)) == Decimal("6900.50")
        assert await within(contracts.round_price(Stock("700", "SEHK", "HKD"), 440.1)) == Decimal("440.2")  # no rule
        (option,) = [one for one in INSTRUMENTS if one.sec_type == "OPT"]
        at_amex = Contract(con_id=option.con_id, exchange="AMEX")
        grid = await within(contracts.price_grid(at_amex))
        assert [grid.round(price) for price in (2.96, 3.02, -3.03)] == [
            Decimal("2.96"),
            Decimal("3.00"),
            Decimal("-3.05"),
        ]
        assert (await within(contracts.market_rule(109))) == grid


async def test_hours_are_told_in_the_exchanges_own_days() -> None:
    async with looking_up() as contracts:
        zone = ZoneInfo("America/New_York")
        hours = await within(contracts.trading_hours(Stock("AAPL")))
        opens = hours.sessions[0].opens_at
        assert f"{opens.astimezone(zone):%H:%M}" == "04:00"
        assert not await within(contracts.is_open(Stock("AAPL"), opens - timedelta(minutes=1)))
        assert await within(contracts.is_open(Stock("AAPL"), opens))
        assert not await within(contracts.is_open(Stock("AAPL"), opens, liquid=True))
        close = await within(contracts.next_close(Stock("AAPL"), opens))
        assert f"{close.astimezone(zone):%H:%M}" == "20:00"
        regular = await within(contracts.next_open(Stock("AAPL"), opens, liquid=True))
        assert f"{regular.astimezone(zone):%H:%M}" == "09:30"
        assert isinstance(await within(contracts.is_open(ES)), bool)
        with pytest.raises(NoData, match="are known from"):
            await within(contracts.is_open(Stock("AAPL"), opens + timedelta(days=30)))


async def test_answers_are_kept_in_the_file_that_the_settings_name(tmp_path: Path) -> None:
    cache = tmp_path / "contracts.sqlite3"
    async with looking_up(cache) as contracts:
        await within(contracts.qualify(Stock("AAPL")))
    assert cache.exists()
    # No gateway knows this session's questions: what it can answer is what was kept.
    async with simulated(GeneratedFeed(1, ()), clock=RealClock(wall_clock)) as gateway:
        settings = Settings(connection=ConnectionSettings(port=gateway.port), contracts=ContractSettings(cache=cache))
        session = IBSession(settings, clock=wall_clock)
        assert (await session.contracts.qualify(Stock("AAPL"))).con_id == AAPL
        await session.aclose()


OF_A_CONTRACT: dict[str, Callable[[Contracts, Contract], Awaitable[object]]] = {
    "qualify": lambda contracts, one: contracts.qualify(one),
    "details": lambda contracts, one: contracts.details(one),
    "find": lambda contracts, one: contracts.find(one),
    "option_chain": lambda contracts, one: contracts.option_chain(one),
    "price_grid": lambda contracts, one: contracts.price_grid(one),
    "round_price": lambda contracts, one: contracts.round_price(one, 1.0),
    "trading_hours": lambda contracts, one: contracts.trading_hours(one),
    "is_open": lambda contracts, one: contracts.is_open(one),
    "next_open": lambda contracts, one: contracts.next_open(one),
    "next_close": lambda contracts, one: contracts.next_close(one),
}


@pytest.mark.parametrize("question", OF_A_CONTRACT)
async def test_every_question_about_a_contract_refuses_what_is_unknown_or_means_nothing(question: str) -> None:
    async with looking_up() as contracts:
        ask = OF_A_CONTRACT[question]
        with pytest.raises(NoSecurityDefinition, match="NOPE"):
            await within(ask(contracts, Stock("NOPE")))
        with pytest.raises(InvalidRequest):
            await within(ask(contracts, Contract()))
        if question != "find":
            with pytest.raises(AmbiguousContract):
                await within(ask(contracts, Future("ES", "CME")))


QUESTIONS: dict[str, Callable[[Contracts], Awaitable[object]]] = {
    "qualify": lambda contracts: contracts.qualify(Stock("AAPL")),
    "qualify many": lambda contracts: contracts.qualify([Stock("AAPL"), Stock("MSFT"), ES]),
    "details": lambda contracts: contracts.details(Stock("AAPL")),
    "find": lambda contracts: contracts.find(Future("ES", "CME")),
    "search": lambda contracts: contracts.search("AAPL"),
    "option_chain": lambda contracts: contracts.option_chain(Stock("AAPL")),
    "market_rule": lambda contracts: contracts.market_rule(109),
    "price_grid": lambda contracts: contracts.price_grid(Stock("AAPL")),
    "round_price": lambda contracts: contracts.round_price(Stock("AAPL"), 1.234),
    "trading_hours": lambda contracts: contracts.trading_hours(Stock("AAPL")),
    "is_open": lambda contracts: contracts.is_open(Stock("AAPL")),
    "next_open": lambda contracts: contracts.next_open(Stock("AAPL")),
    "next_close": lambda contracts: contracts.next_close(Stock("AAPL")),
}
"""Every method that asks the gateway."""


def test_the_table_of_questions_is_complete() -> None:
    methods = {name for name in vars(Contracts) if not name.startswith("_")} - {"aclose"}
    assert methods == {name.split()[0] for name in QUESTIONS}


@asynccontextmanager
async def supervised(request_timeout_s: float = 60.0) -> AsyncIterator[tuple[SimulatedGateway, IBSession]]:
    async with (
        simulated(GeneratedFeed(1, ()), port=4002, clock=RealClock(wall_clock)) as gateway,
        session_at(4002, connection={"request_timeout_s": request_timeout_s}) as session,
    ):
        yield gateway, session


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_on_a_link_that_dies_is_answered_after_the_reconnect(question: str) -> None:
    @on_virtual_time
    async def run() -> None:
        async with supervised() as (gateway, session):
            stalling = asyncio.create_task(gateway.inject("stall", for_s=5))
            answer = asyncio.ensure_future(QUESTIONS[question](session.contracts))
            await asyncio.sleep(1)
            await gateway.inject("disconnect")
            assert await answer not in (None, (), [])
            assert session.stats().reconnects == 1
            await stalling

    run()


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_that_is_not_answered_is_a_time_out(question: str) -> None:
    @on_virtual_time
    async def run() -> None:
        async with supervised(request_timeout_s=3.0) as (gateway, session):
            stalling = asyncio.create_task(gateway.inject("stall", for_s=6))
            await asyncio.sleep(0)
            with pytest.raises((RequestTimeout, NotAllQualified)) as caught:
                await QUESTIONS[question](session.contracts)
            if isinstance(caught.value, NotAllQualified):
                assert {type(error) for _, error in caught.value.failures} == {RequestTimeout}
            assert caught.value.retryable
            await stalling
            await QUESTIONS[question](session.contracts)

    run()


@on_virtual_time
async def test_rules_and_patterns_that_are_none_are_errors() -> None:
    async with supervised(request_timeout_s=3.0) as (_, session):
        with pytest.raises(InvalidRequest, match="is empty"):
            await session.contracts.search("  ")
        with pytest.raises(RequestTimeout):
            await session.contracts.market_rule(99_999)


@on_virtual_time
async def test_many_look_ups_stay_within_the_rate_that_the_gateway_enforces() -> None:
    async with (
        simulated(
            GeneratedFeed(1, ()), port=4002, clock=RealClock(wall_clock), limits=GatewayLimits(rejects=True)
        ) as gateway,
        session_at(4002) as session,
    ):
        asked = [Contract(con_id=one.con_id, exchange=one.exchange) for one in INSTRUMENTS]
        asked += [Contract(con_id=one.con_id) for one in INSTRUMENTS]
        assert len(await session.contracts.qualify(asked)) == len(asked)
        chains = await asyncio.gather(
            *(session.contracts.option_chain(Stock(name)) for name in ("AAPL", "MSFT", "AMD"))
        )
        assert all(chains)
        assert not told(session, EventType.PACING_VIOLATION)
        assert len(gateway.sessions) == 1
        assert session.stats().reconnects == 0


@on_virtual_time
async def test_a_question_while_the_gateway_is_away_waits_for_it() -> None:
    async with supervised() as (gateway, session):
        restarting = asyncio.create_task(gateway.inject("restart", down_for_s=20))
        await asyncio.sleep(1)
        assert (await session.contracts.qualify(Stock("AAPL"))).con_id == AAPL
        await restarting


@on_virtual_time
async def test_what_is_known_is_answered_without_a_link() -> None:
    async with supervised() as (gateway, session):
        apple = await session.contracts.qualify(Stock("AAPL"))
        rounded = await session.contracts.round_price(apple, 250.126)
        restarting = asyncio.create_task(gateway.inject("restart", down_for_s=1000))
        await asyncio.sleep(1)
        started = asyncio.get_running_loop().time()
        assert await session.contracts.qualify(Stock("AAPL")) == apple
        assert await session.contracts.round_price(apple, 250.126) == rounded
        assert asyncio.get_running_loop().time() == started
        restarting.cancel()
        await asyncio.gather(restarting, return_exceptions=True)


@on_virtual_time
async def test_a_qualified_contract_is_what_every_request_takes() -> None:
    async with supervised() as (_, session):
        apple = await session.contracts.qualify(parse_contract("AAPL"))
        async with session.stream(m.MarketDataRequest(contract=apple)) as ticks:
            assert await anext(ticks)
        with pytest.raises(InvalidRequest, match="has no definition of its own"):
            await session.contracts.qualify(parse_contract(f"BAG:AAPL:+1x{AAPL}@SMART"))
