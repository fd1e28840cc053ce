"""The streams that `record` and `run` keep of an instrument, by the words for them."""

from __future__ import annotations

from collections.abc import Iterable

from ibwire.cli.frame import BadOption
from ibwire.recording_rows import Request
from ibwire.service_settings import STREAM_KINDS
from ibwire.wire import messages as m

DEPTH_ROWS = 10


def kinds_of(text: str) -> tuple[str, ...]:
    """The kinds in a list with commas. Raises BadOption for what is none."""
    kinds = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    wrong = [kind for kind in kinds if kind not in STREAM_KINDS]
    if wrong or not kinds:
        raise BadOption(f"--what {text}: write one or several of {', '.join(STREAM_KINDS)}, with commas between")
    return kinds


def requests_for(contract: m.Contract, kinds: Iterable[str]) -> list[Request]:
    """The requests for the streams of a qualified contract."""
    return [_request(contract, kind) for kind in kinds]


def _request(contract: m.Contract, kind: str) -> Request:
    match kind:
        case "ticks":
            # Currencies have no trades, so that IBKR refuses their ticks of trades.
            tick_type = "BidAsk" if contract.sec_type == "CASH" else "AllLast"
            return m.TickByTickRequest(contract=contract, tick_type=tick_type)
        case "depth":
            return m.MarketDepthRequest(
                contract=contract, num_rows=DEPTH_ROWS, is_smart_depth=contract.exchange == "SMART"
            )
        case "bars":
            what = "MIDPOINT" if contract.sec_type == "CASH" else "TRADES"
            return m.RealTimeBarsRequest(contract=contract, bar_size=5, what_to_show=what, use_rth=False)
        case _:
            return m.MarketDataRequest(contract=contract)
