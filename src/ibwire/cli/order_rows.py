"""Orders as the commands show them: as rows, and in words."""

from __future__ import annotations

from typing import Any

from ibwire.contract_texts import shown
from ibwire.order_changes import OrderKey
from ibwire.order_fields import Order
from ibwire.order_handles import OrderHandle
from ibwire.order_state import TrackedOrder
from ibwire.order_views import KnownExecution, KnownOrder
from ibwire.wire import messages as m

ORDER_COLUMNS = (
    *("client_ref", "client_id", "order_id", "perm_id", "state", "action", "quantity", "contract", "order_type"),
    *("limit_price", "stop_price", "trailing_percent", "tif", "account", "tag", "filled", "average_price", "reason"),
)
"""What is told of an order; what is not known of it is empty."""

NARROW = ("perm_id", "state", "action", "quantity", "contract", "order_type", "limit_price", "filled")
"""Those of them that fit a terminal."""

EXECUTION_COLUMNS = (
    *("time", "exec_id", "side", "quantity", "price", "contract", "exchange", "account", "client_id", "order_id"),
    *("perm_id", "client_ref", "tag", "commission", "commission_currency", "realized_pnl"),
)
NARROW_EXECUTION = ("time", "side", "quantity", "price", "contract", "order_id", "commission")


def row_of_tracked(order: TrackedOrder) -> dict[str, Any]:
    """An order of ours, as it is followed."""
    return {
        **_terms(order.contract, order.order),
        "client_ref": order.key.client_ref,
        "client_id": order.key.client_id,
        "order_id": order.key.order_id or None,
        "perm_id": order.key.perm_id,
        "state": str(order.state),
        "tag": (order.order.order_ref or "").rpartition("~")[0],
        "filled": order.filled,
        "average_price": order.average_price,
    }


def row_of_known(known: KnownOrder) -> dict[str, Any]:
    """An order of anybody's, as the gateway tells of it: its state in IBKR's words."""
    return {
        **_terms(known.contract, known.order),
        "client_ref": known.client_ref,
        "client_id": known.client_id,
        "order_id": known.order_id,
        "perm_id": known.perm_id,
        "state": known.status,
        "tag": known.tag,
        "filled": known.order.filled_quantity,
        "reason": known.completed_text or None,
    }


def row_of_execution(known: KnownExecution) -> dict[str, Any]:
    """An execution of anybody's, with its commission if that is known."""
    fill, charged = known.fill, known.commission
    return {
        "time": fill.time_text,
        "exec_id": fill.exec_id,
        "side": fill.side,
        "quantity": fill.quantity,
        "price": fill.price,
        "contract": name_of(fill.contract),
        "exchange": fill.exchange,
        "account": fill.account,
        "client_id": known.client_id,
        "order_id": known.order_id,
        "perm_id": known.perm_id,
        "client_ref": known.client_ref,
        "tag": known.tag,
        "commission": charged.amount if charged else None,
        "commission_currency": charged.currency if charged else None,
        "realized_pnl": charged.realized_pnl if charged else None,
    }


def in_words(contract: m.Contract, order: Order) -> str:
    """An order as one says it: BUY 100 AAPL at a limit of 187.2, DAY."""
    kind = order.order_type or ""
    how = {
        "MKT": "at the market",
        "LMT": f"at a limit of {_price(order.limit_price)}",
        "STP": f"at the market once {_price(order.aux_price)} is reached",
        "STP LMT": f"at a limit of {_price(order.limit_price)} once {_price(order.aux_price)} is reached",
        "TRAIL": f"with a stop trailing by {_price(order.aux_price)}"
        if order.aux_price is not None
        else f"with a stop trailing by {_price(order.trailing_percent)} %",
    }.get(kind, kind)
    rest = ", also outside regular hours" if order.outside_rth else ""
    return f"{order.action} {_price(order.total_quantity)} {name_of(contract)} {how}, {order.tif or 'DAY'}{rest}"


def stands(handle: OrderHandle) -> str:
    """How far an order is: submitted, 30 of 100 filled at 187.1."""
    price = f" at {_price(handle.average_price)}" if handle.average_price is not None else ""
    return f"{handle.status}, {_price(handle.filled)} of {_price(handle.order.total_quantity)} filled{price}"


def name_of(contract: m.Contract) -> str:
    """What a person calls a contract: its symbol, with the terms of a derivative, or its text."""
    if contract.sec_type in ("STK", "CASH", "FUT", "IND", "CRYPTO") and contract.local_symbol:
        return contract.local_symbol
    return contract.local_symbol or contract.symbol or shown(contract)


def is_called(name: str, key: OrderKey) -> bool:
    """Whether an order goes by this name: its reference, its permanent id, or its order id."""
    numbers = [str(number) for number in (key.perm_id, key.order_id) if number]
    return name in (key.client_ref, *numbers)


def _terms(contract: m.Contract, order: Order) -> dict[str, Any]:
    is_trailing = order.trailing_percent is not None
    return {
        "action": order.action,
        "quantity": order.total_quantity,
        "contract": name_of(contract),
        "order_type": order.order_type,
        "limit_price": order.limit_price,
        "stop_price": order.aux_price or (order.trail_stop_price if is_trailing else None),
        "trailing_percent": order.trailing_percent,
        "tif": order.tif,
        "account": order.account,
    }


def _price(value: Any) -> str:
    return "?" if value is None else f"{value:f}"
