"""The options around the money of one expiry, with their quotes and IBKR's model: one line for each strike.

python option_chain.py AAPL --days 30 --strikes 3
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from ibwire.contracts import OptionChain, parse_contract
from ibwire.exceptions import IbwireError, NotAllQualified
from ibwire.quotes import Quote
from ibwire.session import IBSession
from ibwire.settings import Settings
from ibwire.wire.messages import Contract


async def existing(session: IBSession, wanted: Sequence[Contract]) -> list[Contract]:
    """Those of the options that IBKR has: a chain lists the strikes of all of its expiries together."""
    try:
        return await session.contracts.qualify(wanted)
    except NotAllQualified as error:
        missing = [contract for contract, _ in error.failures]
        return await session.contracts.qualify(one for one in wanted if one not in missing)


async def settled(session: IBSession, contract: Contract, seconds: float) -> Quote | None:
    """The first quote with bid, ask and model, or the latest one when the time is over."""
    quote: Quote | None = None
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), session.market_data.quotes(contract) as quotes:
            async for item in quotes:
                quote = item if isinstance(item, Quote) else None  # a gap: what came before counts for nothing
                if quote and None not in (quote.bid, quote.ask, quote.model_greeks):
                    break
    return quote


def shown(quote: Quote | None) -> str:
    """One option in a few columns; a dash where there is nothing."""
    greeks = quote.model_greeks if quote else None
    numbers = (
        (quote and quote.bid, ".2f"),
        (quote and quote.ask, ".2f"),
        (greeks and greeks.implied_volatility, ".1%"),
        (greeks and greeks.delta, "+.2f"),
    )
    return "".join(f"{'-' if number is None else format(number, text):>9}" for number, text in numbers)


def busiest(chains: Sequence[OptionChain]) -> OptionChain:
    """The chain with the most expiries: of a share, its ordinary options rather than adjusted ones."""
    return max(chains, key=lambda chain: len(chain.expiries))


async def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Show a part of an option chain.")
    parser.add_argument("contract", help="the underlying, for instance AAPL")
    parser.add_argument("--days", type=int, default=30, help="the expiry nearest to so many days from now")
    parser.add_argument("--strikes", type=int, default=3, help="so many strikes on each side of the price")
    parser.add_argument("--seconds", type=float, default=10, help="how long to wait for the quotes")
    options = parser.parse_args(arguments)
    async with IBSession(Settings.from_env()) as session:
        underlying = await session.contracts.qualify(parse_contract(options.contract))
        quote = await session.market_data.snapshot(underlying)
        price = quote.last or quote.close
        if price is None:
            sys.exit(f"nothing is known of the price of {options.contract}")
        chain = busiest(await session.contracts.option_chain(underlying, exchange="SMART"))
        expiry = chain.nearest_expiry(session.now().date() + timedelta(days=options.days))
        strikes = chain.strikes_around(price, options.strikes)
        contracts = await existing(session, chain.options([expiry], strikes))
        if not contracts:
            sys.exit(f"IBKR lists none of the options of {expiry} around {price:.2f}")
        quotes = await asyncio.gather(*(settled(session, one, options.seconds) for one in contracts))
    by_name = {(one.strike, one.right): quote for one, quote in zip(contracts, quotes, strict=True)}
    print(f"{options.contract} at {price:.2f}, options of {expiry} in class {chain.trading_class}")
    columns = "".join(f"{name:>9}" for name in ("bid", "ask", "vol", "delta"))
    print(f"{columns}   call  strike  put   {columns}")
    for strike in strikes:
        print(f"{shown(by_name.get((strike, 'C')))}  {strike:^16g}  {shown(by_name.get((strike, 'P')))}")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # there is nothing to put away
    except IbwireError as error:
        sys.exit(f"error: {error}")
