"""What a client might send that nobody thought of: requests with anything in them, frames of nothing, bytes."""

from __future__ import annotations

from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from ibwire.exceptions import InvalidMessage
from ibwire.wire import encode, encode_frame
from ibwire.wire.ids import OUTGOING

_INTEGERS = st.sampled_from([0, 1, 2, 3, 5, 7, -1, 265598, 2**31 - 1, -(2**31)])
_FLOATS = st.sampled_from(
    [0.0, 1.0, 100.0, 100.1, 99.99, -1.0, 0.013, 1e308, -1e308, 5e-324, float("nan"), float("inf")]
)
_VOCABULARY = """
AAPL|ES|MSFT|EUR|STK|FUT|CASH|OPT|SMART|CME|IDEALPRO|USD|BUY|SELL|MKT|LMT|STP|TRAIL|DAY|GTC|IOC|GTD|DU1234567|All|
NetLiquidation,BuyingPower|1 D|2 W|5 mins|1 day|TRADES|MIDPOINT|BID_ASK|SCHEDULE|Last|20240304 10:00:00 US/Eastern|
20240304-10:00:00|100,233,mdoff,292|0|10|1e9|-3|NaN|Infinity|1e999999999|é日🙂|\0|nonsense"""
_WORDS = st.sampled_from(["", *_VOCABULARY.replace("\n", "").split("|")])
_WIRE_IDS = sorted(number + 200 for number in OUTGOING)

USUAL = ["MarketDataRequest", "PlaceOrderRequest", "CancelOrderRequest", "HistoricalDataRequest", "ContractDataRequest"]
"""The requests that change most, and so are tried more often."""


@cache
def requests(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Any record of this kind, its fields absent or with values that a gateway may understand."""
    return st.builds(kind, **{name: _values(hint) for name, hint in get_type_hints(kind).items()})


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) is UnionType:
        (inner,) = (option for option in get_args(hint) if option is not NoneType)
        return st.none() | _values(inner)
    if get_origin(hint) is tuple:
        return st.lists(_values(get_args(hint)[0]), max_size=2).map(tuple)
    if get_origin(hint) is dict:
        return st.dictionaries(_WORDS, _WORDS, max_size=2)
    simple: dict[Any, st.SearchStrategy[Any]] = {bool: st.booleans(), int: _INTEGERS, float: _FLOATS, str: _WORDS}
    return simple[hint] if hint in simple else requests(hint)


@st.composite
def _valid_frames(draw: st.DrawFn) -> bytes:
    """A frame of a request that is as it should be, whatever it asks."""
    kinds = list(OUTGOING.values())
    usual = [kind for kind in kinds if kind.__name__ in USUAL]
    record = draw(st.sampled_from(usual + kinds).flatmap(requests))
    try:
        return encode(record)
    except InvalidMessage:  # a number too large for its field
        return b""


_odd_frames = st.builds(encode_frame, st.sampled_from(_WIRE_IDS) | st.integers(0, 2**32 - 1), st.binary(max_size=20))
_bytes = st.binary(max_size=30)

conversations = st.lists(_valid_frames(), max_size=8) | st.lists(_valid_frames() | _odd_frames | _bytes, max_size=6)
"""What a client sends after its start, piece by piece; most of it valid, or none would be looked at."""
