"""The instruments that `ibwire demo` watches: the newest quote of each, and what happened to its stream."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from ibwire.contract_details import ContractDetails
from ibwire.gaps import Gap, Resumed
from ibwire.quotes import Quote
from ibwire.session import IBSession
from ibwire.wire import messages as m

QUANTITIES = {"STK": Decimal(100), "FUT": Decimal(1), "CASH": Decimal(20_000)}
"""What the demo buys of each kind of instrument."""


class Watched:
    """One instrument: its quotes are taken by `watch`, every tick of them, until that is cancelled.

    `is_offered`, which instruments share, is set when the first of them can be bought.
    """

    def __init__(self, contract: m.Contract, details: ContractDetails, is_offered: asyncio.Event) -> None:
        self.contract = contract
        self.details = details
        self.name = contract.local_symbol or contract.symbol or str(contract.con_id)
        self.quantity = QUANTITIES.get(contract.sec_type or "", Decimal(0))
        self.quote: Quote | None = None
        self.ask = Decimal(0)
        """The newest offer; 0 before the first."""
        self.ticks = 0
        self.ticks_after = 0
        self.gaps = 0
        self.resumed = 0
        self.ticked_again_s: float | None = None
        """When the first tick after the first gap came, by the event loop's clock."""
        self.is_back = asyncio.Event()
        self._is_offered = is_offered

    @property
    def can_be_bought(self) -> bool:
        """Whether there has been an offer, and it is of a kind that the demo buys."""
        return bool(self.ask and self.quantity)

    async def watch(self, session: IBSession) -> None:
        """Take every tick."""
        async with session.market_data.quotes(self.contract, conflate=False) as quotes:
            async for item in quotes:
                match item:
                    case Quote():
                        self._take(item)
                    case Gap():
                        self.gaps += 1
                    case Resumed():
                        self.resumed += 1

    def _take(self, quote: Quote) -> None:
        self.quote = quote
        self.ticks += 1
        if quote.ask is not None:
            self.ask = Decimal(repr(quote.ask))
            if self.can_be_bought:
                self._is_offered.set()
        if self.gaps and not quote.is_stale:
            self.ticks_after += 1
            if self.ticked_again_s is None:
                self.ticked_again_s = asyncio.get_running_loop().time()
                self.is_back.set()
