"""What market data are asked for once: option computations, the venues behind letters, where books are had."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from ibwire.exceptions import NoData, RequestTimeout
from ibwire.quote_assembly import read_greeks
from ibwire.quotes import Greeks
from ibwire.session_api import SessionApi
from ibwire.wire import Message
from ibwire.wire import messages as m

_NO_GROUP = 2**31 - 1


class DepthExchange(Struct, frozen=True, kw_only=True):
    """Where order books of a kind of instrument can be had.

    `service_data_type` is IBKR's name for the kind of book ("Deep", "Deep2"); `listing_exchange` is empty unless this
    holds only for what is listed there; `agg_group` is None where IBKR gives none.
    """

    exchange: str
    sec_type: str
    listing_exchange: str = ""
    service_data_type: str = ""
    agg_group: int | None = None


async def computation(session: SessionApi, request: Message, timeout: float) -> Greeks:
    """The one answer to an option calculation, which IBKR asks to be cancelled like a subscription (notes, 3.20).

    A link that falls meanwhile is waited for. Raises RequestTimeout, and what IBKR refuses.
    """
    try:
        async with asyncio.timeout(timeout), session.stream(request) as answers:
            async for answer in answers:
                if isinstance(answer, m.TickOptionComputation):
                    return read_greeks(answer)
    except TimeoutError:
        raise RequestTimeout(f"no complete answer within {timeout:g} s", request=repr(request)) from None
    raise NoData("the calculation ended without an answer", request=repr(request))


async def smart_components(session: SessionApi, bbo_exchange: str, timeout: float | None) -> dict[str, str]:
    """The names of exchanges by the letters that stand for them."""
    request = m.SmartComponentsRequest(bbo_exchange=bbo_exchange)
    (answer,) = await session.request(request, timeout=timeout, retry=True)
    assert isinstance(answer, m.SmartComponents)
    found = {one.exchange_letter: one.exchange for one in answer.smart_components}
    named = {letter: exchange for letter, exchange in found.items() if letter and exchange}
    if not named:
        raise NoData(f"IBKR knows no exchanges behind {bbo_exchange!r}", hint="take Quote.bbo_exchange of a live quote")
    return named


async def depth_exchanges(session: SessionApi, timeout: float | None) -> tuple[DepthExchange, ...]:
    """Where books can be had."""
    (answer,) = await session.request(m.MarketDepthExchangesRequest(), timeout=timeout, retry=True)
    assert isinstance(answer, m.MarketDepthExchanges)
    return tuple(
        DepthExchange(
            exchange=one.exchange or "",
            sec_type=one.sec_type or "",
            listing_exchange=one.listing_exch or "",
            service_data_type=one.service_data_type or "",
            agg_group=None if one.agg_group == _NO_GROUP else one.agg_group,
        )
        for one in answer.depth_market_data_descriptions
    )
