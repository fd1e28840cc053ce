"""After a loss: how the orders stand that ib_async shows, asked of the gateway. No order is sent."""

from __future__ import annotations

from typing import Any

from ibwire.session import IBSession
from ibwire.wire import messages as m


async def recover_orders(session: IBSession, wrapper: Any) -> int:
    """Ask for open orders and executions, which the wrapper is shown as they come, and then for how the rest ended.

    How many orders were asked about. Raises what requests raise.
    """
    live = [trade for trade in wrapper.trades.values() if not trade.isDone() and not trade.order.whatIf]
    if not live:
        return 0
    open_orders = await session.request(m.OpenOrdersRequest(), retry=True)
    await session.request(m.ExecutionRequest(execution_filter=m.ExecutionFilter()), retry=True)
    known = {
        (one.order.client_id or 0, one.order_id) for one in open_orders if isinstance(one, m.OpenOrder) and one.order
    }
    missing = [trade for trade in live if (trade.order.clientId, trade.order.orderId) not in known]
    if missing and any(not trade.isDone() for trade in missing):
        completed = await session.request(m.CompletedOrdersRequest(), retry=True)
        ended = {
            one.order.perm_id: one for one in completed if isinstance(one, m.CompletedOrder) and one.order is not None
        }
        for trade in missing:
            _end(wrapper, trade, ended.get(trade.order.permId))
    return len(live)


def _end(wrapper: Any, trade: Any, ended: m.CompletedOrder | None) -> None:
    """Show how an order has ended; of one that is nowhere to be found only that, never a guess."""
    if trade.isDone():
        return
    if ended is None or ended.order_state is None:
        wrapper.note(trade, "the gateway has it neither among the open nor among the completed orders")
        return
    filled = trade.filled()
    status = ended.order_state.status or ""
    left = 0.0 if status == "Filled" else max(0.0, float(trade.order.totalQuantity) - filled)
    paid = sum(fill.execution.price * fill.execution.shares for fill in trade.fills)
    wrapper.orderStatus(
        trade.order.orderId,
        status,
        filled,
        left,
        paid / filled if filled else 0.0,
        trade.order.permId,
        trade.order.parentId,
        trade.fills[-1].execution.price if trade.fills else 0.0,
        trade.order.clientId,
        "",
    )
