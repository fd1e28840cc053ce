"""What the options of a chain are quoted at: bid, ask and IBKR's model, as far as they come in a few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct

from ibwire.contracts import Contract
from ibwire.exceptions import IbwireError, RequestError
from ibwire.quotes import Greeks, Quote
from ibwire.session import IBSession

SETTLE_S = 10.0
"""How long an option's quote may take to be whole: bid, ask and the model. At night it never is."""

AT_ONCE = 40
"""How many options are asked for at a time: each takes a market-data line, of which a login has about a hundred."""

PRICE_COLUMNS = ("bid", "ask", "vol", "delta")


class Prices(Struct, frozen=True):
    """The quotes of some options, those that came; `problem` is why others did not, None if there is nothing to say."""

    quotes: Mapping[Contract, Quote]
    problem: IbwireError | None = None

    def cells(self, option: Contract) -> tuple[str, ...]:
        """Bid, ask, volatility and delta of one option as texts, "" for what is not known."""
        quote = self.quotes.get(option)
        greeks = (quote and quote.model_greeks) or Greeks()
        numbers = (quote and quote.bid, quote and quote.ask, greeks.implied_volatility, greeks.delta)
        formats = (".2f", ".2f", ".1%", "+.2f")
        return tuple("" if n is None else format(n, text) for n, text in zip(numbers, formats, strict=True))

    def as_dict(self, option: Contract) -> dict[str, Any] | None:
        """One option's prices as plain data, None if there is no quote."""
        quote = self.quotes.get(option)
        if quote is None:
            return None
        greeks = quote.model_greeks or Greeks()
        names = ("implied_volatility", "delta", "gamma", "vega", "theta", "underlying_price")
        return {"bid": quote.bid, "ask": quote.ask, "last": quote.last} | {one: getattr(greeks, one) for one in names}


async def prices_of(session: IBSession, options: Sequence[Contract]) -> Prices:
    """The quotes of these options; one that does not exist, or may not be seen, has none."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def settled(option: Contract) -> Quote | RequestError | None:
        """The first quote that is whole, the latest one when the time is over, or why there is none."""
        quote: Quote | None = None
        async with turns:
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(SETTLE_S), session.market_data.quotes(option) as quotes:
                        async for item in quotes:
                            quote = item if isinstance(item, Quote) else None
                            if quote and None not in (quote.bid, quote.ask, quote.model_greeks):
                                break
            except RequestError as error:
                return error
        return quote

    found = await asyncio.gather(*map(settled, options))
    quotes = {option: one for option, one in zip(options, found, strict=True) if isinstance(one, Quote)}
    return Prices(quotes, next((one for one in found if isinstance(one, RequestError)), None))
