"""The look-up service against a gateway that answers as the test says, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ibwire.contract_cache import ContractCache
from ibwire.contracts import Bag, ComboLeg, ContFuture, Contract, Contracts, Future, Stock
from ibwire.exceptions import (
    AmbiguousContract,
    IbwireError,
    InvalidRequest,
    NoData,
    NoSecurityDefinition,
    NotAllQualified,
    RequestTimeout,
    UnreadableAnswer,
)
from ibwire.session import IBSession
from ibwire.settings import ContractSettings
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_gateway import ScriptedGateway
from tests.helpers.sessions import START_S, session_at, wall_clock
from tests.helpers.virtual_time import on_virtual_time

UNKNOWN = "No security definition has been found for the request"
NOW = datetime.fromtimestamp(START_S, UTC)


class ReferenceGateway(ScriptedGateway):
    """Knows stocks by symbol, each with the details of `details`; `silent` symbols are never answered."""

    def __init__(self) -> None:
        super().__init__(self._respond)
        self.details: dict[str, object] = {
            "valid_exchanges": "SMART,NYSE",
            "market_rule_ids": "26,27",
            "min_tick": "0.01",
            "time_zone_id": "UTC",
        }
        self.found: dict[str, list[Contract]] = {}
        self.silent: set[str] = set()
        self.delay_s = 0.0
        self.was_asked = asyncio.Event()
        self.most_at_once = 0
        self._at_once = 0

    def knows(self, symbol: str, *contracts: Contract) -> None:
        self.found[symbol] = list(contracts)

    def asked(self, kind: type[Message] = m.ContractDataRequest) -> list[Any]:
        return [message for message in self.received if isinstance(message, kind)]

    def _respond(self, _: ScriptedGateway, message: Message) -> None:
        match message:
            case m.ContractDataRequest(req_id=req_id, contract=Contract() as contract):
                self.was_asked.set()
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                asyncio.get_running_loop().call_later(self.delay_s, self._answer_contract, req_id, contract)
            case m.CurrentTimeInMillisRequest():
                self.send(m.CurrentTimeInMillis(round(wall_clock() * 1000)))
            case m.MarketRuleRequest(market_rule_id=27):
                self.send(m.MarketRule(27, (m.PriceIncrement(0.0, 0.05),)))
            case m.MarketRuleRequest(market_rule_id=26):
                self.send(m.MarketRule(26, (m.PriceIncrement(0.0, 0.01), m.PriceIncrement(5.0, 0.1))))

    def _answer_contract(self, req_id: int, contract: Contract) -> None:
        self._at_once -= 1
        symbol = contract.symbol or ""
        if symbol in self.silent:
            return
        found = [one for many in self.found.values() for one in many if one.con_id == contract.con_id]
        found = found if contract.con_id else self.found.get(symbol, [])
        if not found:
            self.send(m.ErrorMessage(id=req_id, error_code=200, error_msg=UNKNOWN))
            return
        details = m.ContractDetails(**self.details)  # type: ignore[arg-type]
        self.send(*(m.ContractData(req_id, one, details) for one in found), m.ContractDataEnd(req_id))


def stock(con_id: int, symbol: str, **more: Any) -> Contract:
    return Contract(
        **{"con_id": con_id, "symbol": symbol, "sec_type": "STK", "currency": "USD", "exchange": "SMART", **more}
    )


def forgetful(session: IBSession) -> Contracts:
    """A service that believes details for an hour."""
    return Contracts(session, ContractCache(ContractSettings(details_hours=1), now=session.now))


Test = Callable[[ReferenceGateway, IBSession], Coroutine[Any, Any, None]]


def with_session(test: Test) -> Callable[[], None]:
    @on_virtual_time
    async def run() -> None:
        async with (
            ReferenceGateway() as gateway,
            session_at(connection={"request_timeout_s": 20}, idle_s=3600) as session,
        ):
            gateway.knows("AAPL", stock(1, "AAPL", primary_exch="NASDAQ", strike=0.0, right="?"))
            gateway.knows("MSFT", stock(2, "MSFT"))
            gateway.knows("X", stock(3, "X", currency="USD"), stock(4, "X", currency="EUR"))
            await test(gateway, session)

    run.__name__ = test.__name__
    return run


@with_session
async def test_a_qualified_contract_is_complete_and_has_no_standins(
    gateway: ReferenceGateway, session: IBSession
) -> None:
    assert await session.contracts.qualify(Stock("AAPL")) == stock(1, "AAPL", primary_exch="NASDAQ")


@with_session
async def test_many_are_qualified_together_in_order_and_not_too_many_at_once(
    gateway: ReferenceGateway, session: IBSession
) -> None:
    gateway.delay_s = 5.0
    symbols = [f"S{number}" for number in range(100)]
    for number, symbol in enumerate(symbols, start=10):
        gateway.knows(symbol, stock(number, symbol))
    qualified = await session.contracts.qualify(map(Stock, symbols))
    assert [one.symbol for one in qualified] == symbols
    assert 2 < gateway.most_at_once <= 32


@with_session
async def test_what_fails_of_many_is_told_at_once_and_the_rest_is_kept(
    gateway: ReferenceGateway, session: IBSession
) -> None:
    asked = [Stock("AAPL"), Stock("NOPE"), Stock("MSFT"), Stock("X")]
    with pytest.raises(NotAllQualified, match=r"2 of 4 .*NOPE.*con_id 3.*con_id 4") as caught:
        await session.contracts.qualify(asked)
    (unknown, no_definition), (unclear, ambiguity) = caught.value.failures
    assert (unknown, unclear) == (asked[1], asked[3])
    assert isinstance(no_definition, NoSecurityDefinition)
    assert isinstance(ambiguity, AmbiguousContract)
    before = len(gateway.asked())
    await session.contracts.qualify([asked[0], asked[2]])
    assert len(gateway.asked()) == before


@with_session
async def test_an_unknown_contract_is_named_and_errors_are_not_kept(
    gateway: ReferenceGateway, session: IBSession
) -> None:
    with pytest.raises(NoSecurityDefinition, match="IBKR knows no contract STK:NOPE:IBIS:EUR") as caught:
        await session.contracts.qualify(Stock("NOPE", "IBIS", "EUR"))
    assert caught.value.code == 200
    gateway.knows("NOPE", stock(9, "NOPE", exchange="IBIS", currency="EUR"))
    assert (await session.contracts.qualify(Stock("NOPE", "IBIS", "EUR"))).con_id == 9


@with_session
async def test_an_ambiguous_contract_is_told_with_its_candidates(gateway: ReferenceGateway, session: IBSession) -> None:
    with pytest.raises(AmbiguousContract) as caught:
        await session.contracts.details(Contract(symbol="X", sec_type="STK"))
    assert caught.value.deciding == ("currency",)
    assert caught.value.candidates == (stock(3, "X", currency="USD"), stock(4, "X", currency="EUR"))
    found = await session.contracts.find(Contract(symbol="X", sec_type="STK"))
    assert [one.contract.con_id for one in found] == [3, 4]


@with_session
async def test_same_questions_at_the_same_time_are_one_request(gateway: ReferenceGateway, session: IBSession) -> None:
    gateway.delay_s = 1.0
    await asyncio.gather(*(session.contracts.details(Stock("AAPL")) for _ in range(10)))
    assert len(gateway.asked()) == 1
    await session.contracts.details(await session.contracts.qualify(Stock("AAPL")))
    assert len(gateway.asked()) == 1


@with_session
async def test_details_are_asked_for_again_when_they_are_old_and_con_ids_are_not(
    gateway: ReferenceGateway, session: IBSession
) -> None:
    contracts = forgetful(session)
    await contracts.details(Stock("AAPL"))
    await asyncio.sleep(2 * 3600)
    await contracts.qualify(Stock("AAPL"))
    assert len(gateway.asked()) == 1
    await contracts.details(Stock("AAPL"))
    assert len(gateway.asked()) == 2


@with_session
async def test_the_con_id_of_a_continuous_future_is_not_believed_for_long(
    gateway: ReferenceGateway, session: IBSession
) -> None:
    contracts = forgetful(session)
    asked = ContFuture("ES", "CME")
    gateway.knows("ES", stock(50, "ES", sec_type="CONTFUT", exchange="CME"))
    assert (await contracts.qualify(asked)).con_id == 50
    await asyncio.sleep(2 * 3600)
    gateway.knows("ES", stock(51, "ES", sec_type="CONTFUT", exchange="CME"))
    assert (await contracts.qualify(asked)).con_id == 51


@with_session
async def test_what_was_ambiguous_is_not_believed_to_be_so_for_long(
    gateway: ReferenceGateway, session: IBSession
) -> None:
    contracts = forgetful(session)
    with pytest.raises(AmbiguousContract):
        await contracts.qualify(Stock("X"))
    await asyncio.sleep(2 * 3600)
    gateway.knows("X", stock(3, "X"))
    assert (await contracts.qualify(Stock("X"))).con_id == 3


@with_session
async def test_nothing_is_sent_for_a_contract_that_means_nothing(gateway: ReferenceGateway, session: IBSession) -> None:
    leg = ComboLeg(con_id=1, ratio=1, action="BUY", exchange="SMART")
    for contract in (Contract(), Contract(symbol="AAPL"), Bag("AAPL", [leg])):
        with pytest.raises(InvalidRequest):
            await session.contracts.qualify(contract)
    with pytest.raises(InvalidRequest, match="empty"):
        await session.contracts.search(" ")
    assert not gateway.asked()


@with_session
async def test_a_con_id_that_is_another_instrument_is_refused(gateway: ReferenceGateway, session: IBSession) -> None:
    await session.contracts.qualify(Stock("AAPL"))
    with pytest.raises(InvalidRequest, match=r"con_id 1 is .*its symbol is AAPL, not MSFT"):
        await session.contracts.qualify(stock(1, "MSFT"))


@with_session
async def test_no_answer_is_a_time_out_and_no_empty_result(gateway: ReferenceGateway, session: IBSession) -> None:
    gateway.silent.add("AAPL")
    with pytest.raises(RequestTimeout):
        await session.contracts.find(Stock("AAPL"))
    with pytest.raises(RequestTimeout):  # IBKR's error about an unknown rule names no request
        await session.contracts.market_rule(999)


@with_session
async def test_a_question_whose_link_falls_is_asked_again(gateway: ReferenceGateway, session: IBSession) -> None:
    gateway.delay_s = 3600.0
    asking = asyncio.create_task(session.contracts.qualify(Stock("AAPL")))
    await gateway.was_asked.wait()
    gateway.delay_s = 0.0
    gateway.drop()
    assert (await asking).con_id == 1
    assert len(gateway.asked()) == 2


@with_session
async def test_closing_the_session_ends_every_question_with_a_typed_error(
    gateway: ReferenceGateway, session: IBSession
) -> None:
    gateway.delay_s = 3600.0
    asking = [asyncio.create_task(session.contracts.qualify(Stock(symbol))) for symbol in ("AAPL", "AAPL", "MSFT")]
    await gateway.was_asked.wait()
    await session.aclose()
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(one, IbwireError) for one in results), results


@with_session
async def test_prices_are_rounded_by_the_rule_of_the_exchange(gateway: ReferenceGateway, session: IBSession) -> None:
    contracts = session.contracts
    assert await contracts.round_price(Stock("AAPL"), 4.996) == Decimal("5.0")
    assert await contracts.round_price(Stock("AAPL"), 5.04) == Decimal("5.0")
    assert await contracts.round_price(Stock("AAPL", "NYSE"), 4.97) == Decimal("4.95")
    with pytest.raises(InvalidRequest, match="does not trade at IBIS"):
        await contracts.round_price(Stock("AAPL", "IBIS"), 4.97)
    assert len(gateway.asked(m.MarketRuleRequest)) == 2


@with_session
async def test_without_a_rule_the_smallest_tick_holds_and_without_both_nothing_is_guessed(
    gateway: ReferenceGateway, session: IBSession
) -> None:
    gateway.details |= {"market_rule_ids": None, "min_tick": "0.2"}
    assert await session.contracts.round_price(Stock("AAPL"), 440.1) == Decimal("440.2")
    gateway.details |= {"min_tick": None}
    with pytest.raises(NoData, match="neither"):
        await session.contracts.round_price(Stock("MSFT"), 440.1)


def daily(first: datetime, days: int) -> str:
    dates = [first + timedelta(days=number) for number in range(days)]
    return ";".join(f"{day:%Y%m%d}:0900-{day:%Y%m%d}:1700" for day in dates)


@with_session
async def test_hours_are_told_now_and_at_a_time(gateway: ReferenceGateway, session: IBSession) -> None:
    gateway.details |= {"trading_hours": daily(NOW, 6), "liquid_hours": f"{NOW:%Y%m%d}:CLOSED"}
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    contracts, apple = session.contracts, Stock("AAPL")
    assert await contracts.is_open(apple) == (9 <= NOW.hour < 17)
    assert await contracts.is_open(apple, midnight + timedelta(hours=9))
    assert not await contracts.is_open(apple, midnight + timedelta(hours=9), liquid=True)
    assert await contracts.next_open(apple, midnight + timedelta(hours=9)) == midnight + timedelta(hours=33)
    assert await contracts.next_close(apple, midnight + timedelta(hours=9)) == midnight + timedelta(hours=17)
    assert len(gateway.asked()) == 1


@with_session
async def test_hours_that_do_not_reach_are_asked_for_again_and_then_the_answer_is_that_it_is_unknown(
    gateway: ReferenceGateway, session: IBSession
) -> None:
    gateway.details |= {"trading_hours": daily(NOW, 1)}
    await session.contracts.is_open(Stock("AAPL"))
    await asyncio.sleep(3600)
    gateway.details |= {"trading_hours": daily(NOW, 3)}
    assert not await session.contracts.is_open(Stock("AAPL"), NOW.replace(hour=5) + timedelta(days=2))
    assert len(gateway.asked()) == 2
    for _ in range(3):
        with pytest.raises(NoData, match="are known from"):
            await session.contracts.is_open(Stock("AAPL"), NOW + timedelta(days=5))
    assert len(gateway.asked()) == 2


@with_session
async def test_an_unknown_time_zone_is_named_and_hinders_nothing_else(
    gateway: ReferenceGateway, session: IBSession
) -> None:
    gateway.details |= {"trading_hours": daily(NOW, 1), "time_zone_id": "Mars/Olympus"}
    assert (await session.contracts.details(Stock("AAPL"))).min_tick == Decimal("0.01")
    with pytest.raises(UnreadableAnswer, match="Mars/Olympus"):
        await session.contracts.is_open(Stock("AAPL"))


def test_what_was_asked_is_not_asked_again_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "contracts.sqlite3"

    @on_virtual_time
    async def ask(expected: int) -> None:
        async with ReferenceGateway() as gateway, session_at() as session:
            gateway.knows("AAPL", stock(1, "AAPL"))
            contracts = Contracts(session, ContractCache(ContractSettings(cache=path), now=session.now))
            assert (await contracts.qualify(Stock("AAPL"))).con_id == 1
            assert await contracts.round_price(Stock("AAPL"), 1.234) == Decimal("1.23")
            assert len(gateway.asked()) + len(gateway.asked(m.MarketRuleRequest)) == expected
            await contracts.aclose()

    ask(2)
    ask(0)


@with_session
async def test_an_expired_contract_that_is_asked_for_stays_one(gateway: ReferenceGateway, session: IBSession) -> None:
    gateway.knows("ES", stock(7, "ES", sec_type="FUT", exchange="CME"))
    old = await session.contracts.qualify(Future("ES", "CME", "202403", include_expired=True))
    assert old.include_expired
    assert gateway.asked()[0].contract.include_expired
