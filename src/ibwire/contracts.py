"""Contracts: what an instrument is called, what IBKR knows of it, and where to ask.

    apple = await session.contracts.qualify(parse_contract("AAPL"))
    price = await session.contracts.round_price(apple, 187.123)

The service and, in one place to import from, the constructors and records that go with it. `docs/contracts.md` shows
how they are used. Every answer but a search's is kept (`contract_cache`), and those who ask the same at the same time
share one request; requests without an answer because the link fell are asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar, overload

import msgspec

from ibwire.contract_cache import ContractCache
from ibwire.contract_details import ContractDetails, details_of
from ibwire.contract_kinds import (
    Bag,
    Bond,
    Cfd,
    Commodity,
    ContFuture,
    Crypto,
    Forex,
    Fund,
    Future,
    FutureOption,
    Index,
    Option,
    Stock,
)
from ibwire.contract_matching import the_one, wanted
from ibwire.contract_rules import checked, no_contract, normal
from ibwire.contract_texts import format_contract, parse_contract, shown
from ibwire.exceptions import IbwireError, InvalidRequest, NoData, NoSecurityDefinition, NotAllQualified, RequestError
from ibwire.option_chains import OptionChain, chain_of
from ibwire.price_grid import PriceGrid, PriceStep, Rounding, even_grid, grid_of
from ibwire.session_api import SessionApi
from ibwire.shared_answers import SharedAnswers
from ibwire.trading_hours import TradingHours, TradingSession
from ibwire.wire import messages as m
from ibwire.wire.messages import ComboLeg, Contract, DeltaNeutralContract

__all__ = [
    "Bag",
    "Bond",
    "Cfd",
    "ComboLeg",
    "Commodity",
    "ContFuture",
    "Contract",
    "ContractDetails",
    "Contracts",
    "Crypto",
    "DeltaNeutralContract",
    "Forex",
    "Fund",
    "Future",
    "FutureOption",
    "Index",
    "Option",
    "OptionChain",
    "PriceGrid",
    "PriceStep",
    "Rounding",
    "Stock",
    "SymbolMatch",
    "TradingHours",
    "TradingSession",
    "format_contract",
    "parse_contract",
]

AT_ONCE = 32
"""How many look-ups are under way together; a thousand contracts wait here for their turn, not in the rate limiter."""

RECENT = timedelta(minutes=10)
"""Hours that do not reach as far as is asked are asked for again, unless they are as new as this."""

_CONTINUOUS = frozenset({"CONTFUT", "FUT+CONTFUT"})

T = TypeVar("T")


class SymbolMatch(msgspec.Struct, frozen=True):
    """What a search found: a contract, which has no exchange yet, and the types of derivatives there are on it."""

    contract: Contract
    derivative_sec_types: tuple[str, ...] = ()


class Contracts:
    """Looks contracts up. Made by the session: `session.contracts`.

    Besides the errors named below every method raises what a request raises: RequestTimeout, ConnectionFailed when the
    session has given up, and InvalidRequest, before anything is sent, for a contract that means nothing.
    """

    def __init__(self, session: SessionApi, cache: ContractCache) -> None:
        self._session = session
        self._cache = cache
        self._con_id_lifetime = timedelta(days=cache.settings.con_id_days)
        self._details_lifetime = timedelta(hours=cache.settings.details_hours)
        self._market_rule_lifetime = timedelta(days=cache.settings.market_rule_days)
        self._shared = SharedAnswers()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def aclose(self) -> None:
        """End what is under way, and let go of the cache's file. Safe to call again."""
        await self._shared.aclose()
        self._cache.close()

    @overload
    async def qualify(self, contracts: Contract) -> Contract: ...

    @overload
    async def qualify(self, contracts: Iterable[Contract]) -> list[Contract]: ...

    async def qualify(self, contracts: Contract | Iterable[Contract]) -> Contract | list[Contract]:
        """The contract that is meant, complete and with its con_id; of several, all of them in order.

        Several are looked up together, as fast as pacing allows. Its exchange is the one asked for, or else SMART if it
        trades there, or else IBKR's own choice.
        Raises NoSecurityDefinition, or AmbiguousContract listing the candidates and the field that would decide; for
        several, after all were looked up, one NotAllQualified that says which failed and why.
        """
        if isinstance(contracts, Contract):
            return await self._qualify_one(contracts)
        if isinstance(contracts, str):  # which is an iterable too, of its letters
            raise no_contract(contracts)
        asked = list(contracts)
        results = await asyncio.gather(*map(self._qualify_one, asked), return_exceptions=True)
        failures: list[tuple[Contract, IbwireError]] = []
        for contract, result in zip(asked, results, strict=True):
            if isinstance(result, RequestError):
                failures.append((contract, result))
            elif isinstance(result, BaseException):
                raise result  # about no contract: the link, a limit
        if failures:
            raise _not_all(failures, len(asked))
        return [result for result in results if isinstance(result, Contract)]

    async def details(self, contract: Contract) -> ContractDetails:
        """What IBKR knows of a contract. Raises what `qualify` raises, and UnreadableAnswer."""
        return await self._details(contract, self._details_lifetime)

    async def find(self, contract: Contract) -> tuple[ContractDetails, ...]:
        """Every contract that a description fits: all expiries of a future, all strikes of an expiry …

        Raises NoSecurityDefinition if there is none. A wide description takes IBKR long: narrow it down.
        """
        asked = _asked(contract)
        return tuple(map(details_of, await self._answers(asked, self._details_lifetime)))

    async def search(self, pattern: str) -> tuple[SymbolMatch, ...]:
        """Up to 16 instruments whose symbol begins with a pattern, or whose name has it; none if nothing matches.

        IBKR answers about one search a second; the others wait for their turn (protocol notes, 3.8).
        """
        if not pattern.strip():
            raise InvalidRequest("the pattern of a search is empty")
        request = m.MatchingSymbolsRequest(pattern=pattern.strip())
        (answer,) = await self._session.request(request, retry=True)
        assert isinstance(answer, m.SymbolSamples)
        return tuple(
            SymbolMatch(normal(one.contract), one.derivative_sec_types)
            for one in answer.contract_descriptions
            if one.contract is not None
        )

    async def option_chain(
        self, underlying: Contract, *, exchange: str | None = None, trading_class: str | None = None
    ) -> tuple[OptionChain, ...]:
        """The options on a contract, one chain for each exchange and trading class, or those of the ones given.

        Asked for by IBKR's option parameters, which are not throttled as look-ups of all the contracts are. Raises
        NoData if there are no options, or none there, and what `qualify` raises for the underlying.
        """
        qualified = await self._qualify_one(underlying)
        rows = await self._option_parameters(qualified)
        chains = tuple(
            chain_of(qualified, row)
            for row in rows
            if exchange in (None, row.exchange) and trading_class in (None, row.trading_class)
        )
        if not chains:
            there_are = ", ".join(sorted({f"{row.trading_class} at {row.exchange}" for row in rows}))
            raise NoData(
                f"no options on {shown(qualified)} at {exchange or 'any exchange'} in {trading_class or 'any class'}",
                hint=f"there are {there_are}" if there_are else "IBKR lists no options on it",
            )
        return chains

    async def market_rule(self, rule_id: int) -> PriceGrid:
        """The price increments of a rule (`ContractDetails.market_rule_ids`).

        IBKR's error about an unknown rule names no request: it shows as a RequestTimeout.
        """
        key = str(rule_id)
        rules = self._cache.get(m.MarketRule, key, self._market_rule_lifetime)
        if rules is None:
            rules = await self._shared.get(("market rule", rule_id), lambda: self._ask_market_rule(rule_id))
        return grid_of(rules[0].price_increments)

    async def price_grid(self, contract: Contract) -> PriceGrid:
        """The prices that an order may have at the contract's exchange: its market rule's, or by its `min_tick`.

        Raises what `details` raises, InvalidRequest for an exchange where it does not trade, and NoData if IBKR named
        neither rule nor tick.
        """
        details = await self.details(contract)
        rule_id = details.market_rule_id()
        if rule_id is not None:
            return await self.market_rule(rule_id)
        if details.min_tick is None:
            raise NoData(f"IBKR gave neither market rule nor smallest tick for {shown(contract)}")
        return even_grid(details.min_tick)

    async def round_price(
        self, contract: Contract, price: Decimal | float, rounding: Rounding = Rounding.NEAREST
    ) -> Decimal:
        """A price that an order may have: the nearest (from the middle away from zero), the next lower or higher.

        Raises what `price_grid` raises, and InvalidRequest for what is no price.
        """
        return (await self.price_grid(contract)).round(price, rounding)

    async def trading_hours(self, contract: Contract, *, liquid: bool = False) -> TradingHours:
        """When it trades in the next days, or, `liquid`, when it trades regularly.

        Raises what `details` raises, NoData if IBKR gave no hours, and UnreadableAnswer naming an unknown time zone.
        """
        return (await self.details(contract)).trading_hours(liquid=liquid)

    async def is_open(self, contract: Contract, at: datetime | None = None, *, liquid: bool = False) -> bool:
        """Whether it trades at a time (aware), or now. Raises as `trading_hours`, and NoData if that is not known."""
        moment = self._session.now() if at is None else at
        return await self._ask_hours(contract, liquid, lambda hours: hours.is_open(moment))

    async def next_open(self, contract: Contract, at: datetime | None = None, *, liquid: bool = False) -> datetime:
        """When the next session begins after a time (aware), or now; UTC. Raises as `is_open`."""
        moment = self._session.now() if at is None else at
        return await self._ask_hours(contract, liquid, lambda hours: hours.next_open(moment))

    async def next_close(self, contract: Contract, at: datetime | None = None, *, liquid: bool = False) -> datetime:
        """When the session that is on at a time, or else the next, ends; UTC. Raises as `is_open`."""
        moment = self._session.now() if at is None else at
        return await self._ask_hours(contract, liquid, lambda hours: hours.next_close(moment))

    async def _ask_hours(self, contract: Contract, liquid: bool, question: Callable[[TradingHours], T]) -> T:
        """The answer by the hours that are kept, or, if they do not reach so far, by new ones."""
        try:
            return question(await self.trading_hours(contract, liquid=liquid))
        except NoData:
            details = await self._details(contract, RECENT)
        return question(details.trading_hours(liquid=liquid))

    async def _qualify_one(self, contract: Contract) -> Contract:
        asked = _asked(contract)
        is_lasting = asked.sec_type not in _CONTINUOUS  # the con_id of a continuous future changes when it rolls
        lifetime = self._con_id_lifetime if is_lasting else self._details_lifetime
        found = await self._one(asked, lifetime)
        assert found.contract is not None
        return found.contract

    async def _details(self, contract: Contract, max_age: timedelta) -> ContractDetails:
        return details_of(await self._one(_asked(contract), max_age))

    async def _one(self, asked: Contract, max_age: timedelta) -> m.ContractData:
        """The one answer, which may be of this age; one that is ambiguous only of that of details."""
        answers = await self._answers(asked, max_age)
        if len(answers) > 1 and max_age > self._details_lifetime:
            answers = await self._answers(asked, self._details_lifetime)
        return the_one(asked, answers)

    async def _answers(self, asked: Contract, max_age: timedelta) -> tuple[m.ContractData, ...]:
        key = _key(asked)
        kept = self._cache.get(m.ContractData, key, max_age)
        if kept is not None:
            return kept
        return await self._shared.get(("contract", key), lambda: self._ask_contract(asked, key))

    async def _ask_contract(self, asked: Contract, key: str) -> tuple[m.ContractData, ...]:
        try:
            async with self._places:
                messages = await self._session.request(m.ContractDataRequest(contract=asked), retry=True)
        except NoSecurityDefinition as error:
            raise NoSecurityDefinition(
                f"IBKR knows no contract {shown(asked)}: {error.message}", code=error.code, request=error.request
            ) from error
        answers = wanted(asked, [one for one in messages if isinstance(one, m.ContractData)])
        if not answers:
            raise NoSecurityDefinition(f"IBKR knows no contract {shown(asked)}")
        self._cache.put(m.ContractData, key, answers)
        if len(answers) == 1 and asked.sec_type not in _CONTINUOUS:
            # Whoever goes on with the qualified contract finds it by its con_id.
            only = the_one(asked, answers)
            self._cache.put(m.ContractData, _key(only.contract or asked), [only])
        return answers

    async def _option_parameters(self, underlying: Contract) -> tuple[m.SecDefOptParameter, ...]:
        key = str(underlying.con_id)
        kept = self._cache.get(m.SecDefOptParameter, key, self._details_lifetime)
        if kept is not None:
            return kept
        return await self._shared.get(("options", key), lambda: self._ask_option_parameters(underlying, key))

    async def _ask_option_parameters(self, underlying: Contract, key: str) -> tuple[m.SecDefOptParameter, ...]:
        request = m.SecDefOptParamsRequest(
            underlying_symbol=underlying.symbol,
            fut_fop_exchange="",
            underlying_sec_type="FUT" if underlying.sec_type in _CONTINUOUS else underlying.sec_type,
            underlying_con_id=underlying.con_id,
        )
        messages = await self._session.request(request, retry=True)
        rows = tuple(
            msgspec.structs.replace(one, req_id=None) for one in messages if isinstance(one, m.SecDefOptParameter)
        )
        if rows:
            self._cache.put(m.SecDefOptParameter, key, rows)
        return rows

    async def _ask_market_rule(self, rule_id: int) -> tuple[m.MarketRule, ...]:
        messages = await self._session.request(m.MarketRuleRequest(market_rule_id=rule_id), retry=True)
        rules = tuple(one for one in messages if isinstance(one, m.MarketRule))
        grid_of(rules[0].price_increments)  # one that makes no sense is not kept
        self._cache.put(m.MarketRule, str(rule_id), rules)
        return rules


def _asked(contract: Contract) -> Contract:
    """The contract to ask for. Raises InvalidRequest for one that means nothing, or that IBKR does not define."""
    asked = checked(normal(contract))
    if asked.sec_type == "BAG":
        raise InvalidRequest(
            f"{shown(asked)} has no definition of its own",
            hint="look up the contracts of its legs; it is used as it is",
        )
    return asked


def _key(asked: Contract) -> str:
    """What answers are kept under. A con_id and an exchange say all there is to say (protocol notes, 3.1)."""
    if asked.con_id:
        asked = Contract(con_id=asked.con_id, exchange=asked.exchange, include_expired=asked.include_expired or None)
    given = {name: value for name, value in msgspec.structs.asdict(asked).items() if value}
    return msgspec.json.encode(given).decode()


def _not_all(failures: list[tuple[Contract, IbwireError]], asked: int) -> NotAllQualified:
    error = NotAllQualified(
        f"{len(failures)} of {asked} contracts could not be qualified: "
        + "; ".join(failure.message for _, failure in failures),
        retryable=all(failure.retryable for _, failure in failures),
    )
    error.failures = tuple(failures)
    return error
