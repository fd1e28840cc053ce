"""ib_async's wrapper, with what is better by default; each has its switch at `IB`."""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import Any

import ib_async
from ib_async import OrderStatus, TradeLogEntry
from ib_async.ticker import Ticker

from ibwire.error_codes import ERROR_TABLE, OrderVerdict
from ibwire.wire import Message
from ibwire.wire import messages as m

_NOT_ACKNOWLEDGED = frozenset({OrderStatus.PendingSubmit, OrderStatus.ApiPending})


class Wrapper(ib_async.Wrapper):
    """Keeps all of ib_async's state."""

    ib: Any

    def reset(self) -> None:
        """Forget everything."""
        super().reset()
        self._not_seen: dict[str, set[tuple[str, int]]] = {"position": set(), "portfolio": set()}
        self._askers: dict[int | str, list[Any]] = {}

    def startReq(self, key: int | str, contract: Any = None, container: Any = None) -> Any:
        """A future for an answer. Who asks for the same without an id, while it is asked for, gets the same answer."""
        earlier = self._futures.get(key)
        if earlier is None or earlier.done():
            return super().startReq(key, contract, container)
        future = super().startReq(key, contract, self._results.get(key) if container is None else container)
        self._askers.setdefault(key, []).append(earlier)
        return future

    def _endReq(self, key: int | str, result: Any = None, success: bool = True) -> None:
        askers = self._askers.pop(key, [])
        if askers and result is None:
            result = self._results.pop(key, [])
        super()._endReq(key, result, success)
        for future in askers:
            if not future.done():
                future.set_result(result) if success else future.set_exception(result)

    def position(self, account: str, contract: Any, posSize: float, avgCost: float) -> None:
        """Take a position."""
        self._not_seen["position"].discard((account, contract.conId))
        super().position(account, contract, posSize, avgCost)

    def positionEnd(self) -> None:
        """All positions have come."""
        gone, self._not_seen["position"] = self._not_seen["position"], set()
        for account, con_id in gone:
            old = self.positions[account].get(con_id)
            if old is not None:
                super().position(account, old.contract, 0.0, 0.0)
        super().positionEnd()

    def updatePortfolio(self, contract: Any, *numbers: Any) -> None:
        """Take an item of the portfolio; the account is its last argument."""
        self._not_seen["portfolio"].discard((numbers[-1], contract.conId))
        super().updatePortfolio(contract, *numbers)

    def accountDownloadEnd(self, _account: str) -> None:
        """All values and items of an account have come."""
        gone, self._not_seen["portfolio"] = self._not_seen["portfolio"], set()
        for account, con_id in gone:
            old = self.portfolio[account].get(con_id)
            if old is not None:
                super().updatePortfolio(old.contract, 0.0, old.marketPrice, 0.0, 0.0, 0.0, old.realizedPNL, account)
        super().accountDownloadEnd(_account)

    def startTicker(self, reqId: int, contract: Any, tickType: int | str) -> Any:
        """A ticker to be filled; for a snapshot an empty one, unless a subscription keeps the old one current."""
        key = hash(contract)
        old = self.tickers.get(key)
        if tickType == "snapshot" and old is not None and self.ib.FreshSnapshots and not self._is_live(old):
            self.tickers[key] = Ticker(contract=contract, defaults=self.defaults)
        return super().startTicker(reqId, contract, tickType)

    def error(self, reqId: int, errorCode: int, errorString: str, advancedOrderRejectJson: str) -> None:
        """Take an error. For an order the table of codes says whether it ends it, not the number alone."""
        trade = self.trades.get((self.clientId, reqId)) if reqId != -1 else None
        if trade is None or reqId in self._futures or not self.ib.AdvisoryErrorsKeepOrders or trade.isDone():
            super().error(reqId, errorCode, errorString, advancedOrderRejectJson)
            if ERROR_TABLE.ends_request(errorCode, errorString, is_stream=True):  # of a what-if order nobody else says
                self.end_refused(reqId, reqId, errorCode, errorString)
            return
        is_working = trade.orderStatus.status not in _NOT_ACKNOWLEDGED
        verdict = ERROR_TABLE.order_verdict(errorCode, errorString, is_working=is_working)
        if verdict in (OrderVerdict.REJECTED, OrderVerdict.CANCELLED):
            if advancedOrderRejectJson:
                trade.advancedError = advancedOrderRejectJson
            self._show(trade, OrderStatus.Cancelled, f"Error {errorCode}, reqId {reqId}: {errorString}", errorCode)
            trade.cancelledEvent.emit(trade)
        else:
            self.note(trade, f"Warning {errorCode}, reqId {reqId}: {errorString}", errorCode)
            if verdict is OrderVerdict.RECONCILE:
                self.ib.client.ask_for_orders()
        self.ib.errorEvent.emit(reqId, errorCode, errorString, self._reqId2Contract.get(reqId))

    def completedOrder(self, contract: Any, order: Any, orderState: Any) -> None:
        """An order that has ended; of one that nobody here asked about nothing is to be done."""
        if "completedOrders" in self._results:
            super().completedOrder(contract, order, orderState)

    # --- what our client says

    def end_refused(self, key: int | str, req_id: int, code: int, text: str) -> None:
        """What is awaited is over: ended as stock ends it, though it may take the code (321 …) for a warning."""
        if key not in self._futures:
            return
        if self.ib.RaiseRequestErrors:
            self._endReq(key, ib_async.RequestError(req_id, code, text), success=False)
        else:
            self._endReq(key)

    def fail_all(self, error: Exception) -> None:
        """Nothing that is awaited will come any more."""
        for future in (*self._futures.values(), *chain.from_iterable(self._askers.values())):
            if not future.done():
                future.set_exception(error)
                future.exception()  # one that nobody awaits any more is no fault to be logged

    def note(self, trade: Any, text: str, code: int = 0) -> None:
        """Write something into an order's log; its status stays."""
        self._show(trade, trade.orderStatus.status, text, code)

    def never_left(self, message: Message, reason: str, *, is_new: bool | None = None) -> None:
        """An order, a change or a cancel was not sent: of a new order this is the end.

        Whether it is one is seen by the Trade, unless that is known.
        """
        order_id = message.order_id  # type: ignore[attr-defined]
        trade = self.trades.get((self.clientId, order_id))
        if trade is None:
            if order_id in self._futures:  # a what-if
                self._endReq(order_id, ConnectionError(reason), success=False)
            return
        if is_new is None:
            is_unanswered = trade.orderStatus.status == OrderStatus.PendingSubmit
            is_placed = isinstance(message, m.PlaceOrderRequest) and is_unanswered
            is_new = is_placed and not any(entry.message == "Modify" for entry in trade.log)
        if is_new:
            self._show(trade, OrderStatus.Cancelled, f"never sent: {reason}")
            trade.cancelledEvent.emit(trade)
        else:
            what = "change" if isinstance(message, m.PlaceOrderRequest) else "cancel"
            self.note(trade, f"the {what} was never sent: {reason}")

    def subject_of(self, req_id: int) -> Any:
        """What a subscription fills: its ticker, list of bars or profit and loss, or its number."""
        for found in (self.reqId2Ticker, self.reqId2Subscriber, self.reqId2PnL, self.reqId2PnlSingle):
            if req_id in found:
                return found[req_id]
        return req_id

    def forget_book(self, req_id: int) -> None:
        """Empty the book of a depth subscription, which nobody keeps current in a gap."""
        ticker = self.reqId2Ticker.get(req_id)
        if ticker is not None and self.ticker2ReqId["mktDepth"].get(ticker) == req_id:
            ticker.domBids.clear()
            ticker.domAsks.clear()
            ticker.domBidsDict.clear()
            ticker.domAsksDict.clear()

    def expect_anew(self, request: Message) -> None:
        """What is asked for again comes whole; what does not come was closed meanwhile, and goes when all has come.

        Until then the old is shown: to have nothing for a moment would be taken for having nothing.
        """
        if isinstance(request, m.PositionsRequest):
            self._not_seen["position"] = {(item.account, item.contract.conId) for item in self.ib.positions()}
        elif isinstance(request, m.AccountDataRequest):
            items = self.ib.portfolio(request.acct_code or "")
            self._not_seen["portfolio"] = {(item.account, item.contract.conId) for item in items}

    def _is_live(self, ticker: Any) -> bool:
        return any(ticker in ids for kind, ids in self.ticker2ReqId.items() if kind not in ("snapshot", "mktDepth"))

    def _show(self, trade: Any, status: str, text: str, code: int = 0) -> None:
        trade.orderStatus.status = status
        trade.log.append(TradeLogEntry(datetime.now(self.defaultTimezone), status, text, code))
        self._logger.warning("%s: %s", text, trade.order)
        self.ib.orderStatusEvent.emit(trade)
        trade.statusEvent.emit(trade)
