"""The connection layer between a Python trading system and Interactive Brokers (TWS or IB Gateway).

    from ibwire import IBSession, Settings, Stock, limit

What most programs need can be had from here; everything else from the module that it belongs to. Nothing is imported
before it is asked for, so that `import ibwire` costs nothing and a program pays for what it uses.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibwire.contracts import (
        Bag,
        Bond,
        Cfd,
        Commodity,
        ContFuture,
        Contract,
        Crypto,
        Forex,
        Fund,
        Future,
        FutureOption,
        Index,
        Option,
        Stock,
        format_contract,
        parse_contract,
    )
    from ibwire.event_types import Event, EventType
    from ibwire.exceptions import (
        AmbiguousContract,
        ConfigurationError,
        ConnectionFailed,
        ConnectionLost,
        IbwireError,
        InvalidOrder,
        JournalError,
        LibraryMissing,
        LiveTradingDisabled,
        NoData,
        NoMarketDataPermission,
        NoPermission,
        NoSecurityDefinition,
        NotConnected,
        OrderError,
        OrderRejected,
        OrderUnconfirmed,
        PacingViolation,
        RateLimitError,
        RequestError,
        RequestFailed,
        RequestTimeout,
        StreamOverflow,
    )
    from ibwire.gaps import Gap, GapReason, Resumed
    from ibwire.history_bars import Bar, Bars
    from ibwire.order_handles import OrderHandle
    from ibwire.order_states import OrderState
    from ibwire.orders import (
        Bracket,
        Order,
        adaptive,
        bracket,
        limit,
        limit_if_touched,
        limit_on_close,
        market,
        market_if_touched,
        market_on_close,
        market_to_limit,
        midprice,
        one_cancels_all,
        pegged_to_benchmark,
        pegged_to_best,
        pegged_to_market,
        pegged_to_midpoint,
        relative,
        stop,
        stop_limit,
        trailing_stop,
        trailing_stop_limit,
        with_algo,
    )
    from ibwire.quotes import Quote
    from ibwire.session import Health, HealthStatus, IBSession
    from ibwire.settings import (
        ConnectionSettings,
        ContractSettings,
        RateLimitSettings,
        Settings,
        TradingSettings,
        WatchdogSettings,
    )
    from ibwire.tick_records import BidAskTick, MidpointTick, TradeTick

    __version__: str

_HOMES: dict[str, str] = {
    "contracts": (
        "Bag Bond Cfd Commodity ContFuture Contract Crypto Forex Fund Future FutureOption Index Option "
        "Stock format_contract parse_contract"
    ),
    "event_types": "Event EventType",
    "exceptions": (
        "AmbiguousContract ConfigurationError ConnectionFailed ConnectionLost IbwireError InvalidOrder "
        "JournalError LibraryMissing LiveTradingDisabled NoData NoMarketDataPermission NoPermission "
        "NoSecurityDefinition NotConnected OrderError OrderRejected OrderUnconfirmed PacingViolation "
        "RateLimitError RequestError RequestFailed RequestTimeout StreamOverflow"
    ),
    "gaps": "Gap GapReason Resumed",
    "history_bars": "Bar Bars",
    "order_handles": "OrderHandle",
    "order_states": "OrderState",
    "orders": (
        "Bracket Order adaptive bracket limit limit_if_touched limit_on_close market market_if_touched "
        "market_on_close market_to_limit midprice one_cancels_all pegged_to_benchmark pegged_to_best "
        "pegged_to_market pegged_to_midpoint relative stop stop_limit trailing_stop trailing_stop_limit "
        "with_algo"
    ),
    "quotes": "Quote",
    "session": "Health HealthStatus IBSession",
    "settings": "ConnectionSettings ContractSettings RateLimitSettings Settings TradingSettings WatchdogSettings",
    "tick_records": "BidAskTick MidpointTick TradeTick",
}
"""Which module has which of the names that can be had from here, as above."""

__all__ = [
    "Bag", "Bond", "Cfd", "Commodity", "ContFuture", "Contract", "Crypto", "Forex", "Fund", "Future",
    "FutureOption", "Index", "Option", "Stock", "format_contract", "parse_contract",
    "Event", "EventType",
    "AmbiguousContract", "ConfigurationError", "ConnectionFailed", "ConnectionLost", "IbwireError", "InvalidOrder",
    "JournalError", "LibraryMissing", "LiveTradingDisabled", "NoData", "NoMarketDataPermission", "NoPermission",
    "NoSecurityDefinition", "NotConnected", "OrderError", "OrderRejected", "OrderUnconfirmed", "PacingViolation",
    "RateLimitError", "RequestError", "RequestFailed", "RequestTimeout", "StreamOverflow",
    "Gap", "GapReason", "Resumed",
    "Bar", "Bars",
    "OrderHandle",
    "OrderState",
    "Bracket", "Order", "adaptive", "bracket", "limit", "limit_if_touched", "limit_on_close", "market",
    "market_if_touched", "market_on_close", "market_to_limit", "midprice", "one_cancels_all", "pegged_to_benchmark",
    "pegged_to_best", "pegged_to_market", "pegged_to_midpoint", "relative", "stop", "stop_limit", "trailing_stop",
    "trailing_stop_limit", "with_algo",
    "Quote",
    "Health", "HealthStatus", "IBSession",
    "ConnectionSettings", "ContractSettings", "RateLimitSettings", "Settings", "TradingSettings",
    "WatchdogSettings",
    "BidAskTick", "MidpointTick", "TradeTick",
    "__version__",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name == "__version__":
        from ibwire.version import version

        return version()
    for module, names in _HOMES.items():
        if name in names.split():
            value = globals()[name] = getattr(import_module(f"ibwire.{module}"), name)
            return value
    raise AttributeError(f"module 'ibwire' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
