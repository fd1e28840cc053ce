"""ib_async's `IB` on our connection."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import ib_async
from ib_async.util import formatIBDatetime

from ibwire.ib_async.asking import time_limit_s
from ibwire.ib_async.client import Client
from ibwire.ib_async.wrapper import Wrapper
from ibwire.session import IBSession
from ibwire.settings import Settings


class IB(ib_async.IB):
    """The same as `ib_async.IB`, over protobuf, with pacing rules, lanes of urgency, and a link that comes back.

    Two events more: `gapEvent(subject, gap)` when data may be missing from now on, and `resumedEvent(subject, resumed)`
    when it comes again. The subject is the Ticker, the list of bars, the PnL …, or this IB for the link as a whole.

    The attributes below are switches: set them on the class or the instance. `settings` are those of the session
    underneath (time limits, rates, watchdog), but for host, port and client id; `session` is a running one to share.
    """

    ReconnectForever: bool = True
    """A fallen link is made again and all subscriptions go on. False: as in stock, all is over and forgotten."""

    AnswerTimeout: float = 60.0
    """After so many seconds a request ends with RequestTimeout. 0: as in stock, it is waited for without end."""

    AdvisoryErrorsKeepOrders: bool = True
    """Only codes that IBKR means as an end show an order as Cancelled. False: as in stock, all but a few numbers do."""

    FreshSnapshots: bool = True
    """`reqTickers` fills an empty Ticker. False: as in stock, fields of earlier snapshots stay in it."""

    events = (*ib_async.IB.events, "gapEvent", "resumedEvent")  # type: ignore[assignment]  # two more than theirs

    def __init__(
        self,
        defaults: ib_async.IBDefaults | None = None,
        *,
        settings: Settings | None = None,
        session: IBSession | None = None,
    ) -> None:
        defaults = defaults or ib_async.IBDefaults()
        super().__init__(defaults)
        self.wrapper: Wrapper = Wrapper(self, defaults=defaults)
        self.client: Client = Client(self.wrapper, settings, session)
        self.client.apiEnd += self.disconnectedEvent
        for name in self.events:
            getattr(self, name).connect(partial(self.client.pass_on, name))

    def _createEvents(self) -> None:
        super()._createEvents()
        self.gapEvent = ib_async.Event("gapEvent")
        self.resumedEvent = ib_async.Event("resumedEvent")

    def disconnect(self) -> str | None:
        """As in stock; and while the link is away, nobody makes it again from now on."""
        if self.client.isConnected() or not self.client.is_started:
            return super().disconnect()
        self.client.disconnect()
        self.disconnectedEvent.emit()
        self.wrapper.reset()
        return f"Disconnecting from {self.client.host}:{self.client.port} while the link was away."

    def _onError(self, reqId: int, errorCode: int, errorString: str, contract: Any) -> None:
        """Stock asks for the account summary again after 1102; here what was subscribed goes on by itself."""

    async def reqHistoricalDataAsync(self, *args: Any, **kwargs: Any) -> Any:
        """As in stock, but for `timeout`: when it is over RequestTimeout is raised, where stock returns no bars.

        Without one, `AnswerTimeout` holds; where that is 0, all is as in stock.
        """
        if not self.AnswerTimeout:
            return await super().reqHistoricalDataAsync(*args, **kwargs)
        own = kwargs.pop("timeout", args[9] if len(args) > 9 else None)
        token = time_limit_s.set(own)
        try:
            return await super().reqHistoricalDataAsync(*args[:9], **{**kwargs, "timeout": 0})
        finally:
            time_limit_s.reset(token)

    # Stock gives up on the following after one or four seconds and returns None.

    async def reqMarketRuleAsync(self, marketRuleId: int) -> Any:
        """As in stock, but for the time limit, which is `AnswerTimeout`, and an error."""
        if not self.AnswerTimeout:
            return await super().reqMarketRuleAsync(marketRuleId)
        return await self._answer(f"marketRule-{marketRuleId}", self.client.reqMarketRule, marketRuleId)

    async def reqMatchingSymbolsAsync(self, pattern: str) -> Any:
        """As in stock, but for the time limit, which is `AnswerTimeout`, and an error."""
        if not self.AnswerTimeout:
            return await super().reqMatchingSymbolsAsync(pattern)
        number = self.client.getReqId()
        return await self._answer(number, self.client.reqMatchingSymbols, number, pattern)

    async def reqHistoricalNewsAsync(
        self,
        conId: int,
        providerCodes: str,
        startDateTime: Any,
        endDateTime: Any,
        totalResults: int,
        historicalNewsOptions: Any = (),
    ) -> Any:
        """As in stock, but for the time limit, which is `AnswerTimeout`, and an error."""
        start, end = formatIBDatetime(startDateTime), formatIBDatetime(endDateTime)
        options = list(historicalNewsOptions)
        if not self.AnswerTimeout:
            return await super().reqHistoricalNewsAsync(conId, providerCodes, start, end, totalResults, options)
        number = self.client.getReqId()
        wanted = (number, conId, providerCodes, start, end, totalResults, options)
        return await self._answer(number, self.client.reqHistoricalNews, *wanted)

    async def requestFAAsync(self, faDataType: int) -> Any:
        """As in stock, but for the time limit, which is `AnswerTimeout`, and an error."""
        if not self.AnswerTimeout:
            return await super().requestFAAsync(faDataType)
        return await self._answer("requestFA", self.client.requestFA, faDataType)

    async def calculateImpliedVolatilityAsync(
        self, contract: Any, optionPrice: float, underPrice: float, implVolOptions: Any = ()
    ) -> Any:
        """As in stock, but for the time limit, which is `AnswerTimeout`, and an error."""
        options = list(implVolOptions)
        if not self.AnswerTimeout:
            return await super().calculateImpliedVolatilityAsync(contract, optionPrice, underPrice, options)
        number = self.client.getReqId()
        wanted = (number, contract, optionPrice, underPrice, options)
        try:
            return await self._answer(number, self.client.calculateImpliedVolatility, *wanted, contract=contract)
        finally:
            self.client.let_go(number)

    async def calculateOptionPriceAsync(
        self, contract: Any, volatility: float, underPrice: float, optPrcOptions: Any = ()
    ) -> Any:
        """As in stock, but for the time limit, which is `AnswerTimeout`, and an error."""
        options = list(optPrcOptions)
        if not self.AnswerTimeout:
            return await super().calculateOptionPriceAsync(contract, volatility, underPrice, options)
        number = self.client.getReqId()
        wanted = (number, contract, volatility, underPrice, options)
        try:
            return await self._answer(number, self.client.calculateOptionPrice, *wanted, contract=contract)
        finally:
            self.client.let_go(number)

    async def _answer(self, key: int | str, ask: Callable[..., None], *arguments: Any, contract: Any = None) -> Any:
        future = self.wrapper.startReq(key, contract)
        ask(*arguments)
        return await future
