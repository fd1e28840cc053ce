"""One client's account requests: positions, account updates, summaries and profit and loss, and what follows them.

What a request begins with is in `account_messages`; here is who has asked for what, and what is told when it changes
(protocol notes, 3.9 to 3.12).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ibwire.simulator import account_messages
from ibwire.simulator.knowledge import PROCESSING, VALIDATING, id_of
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.market import Market
from ibwire.simulator.state import OpenRequest
from ibwire.wire import Message
from ibwire.wire import messages as m

MOST_SUMMARIES = 2
"""How many account summaries a client may have open."""

ROWS_EVERY_S = 180.0
"""How often changed account rows are told; profit and loss about every second."""

PnlRequest = m.PnLRequest | m.PnLSingleRequest


class AccountStreams:
    """The account side of one session. `now_s` gives Unix seconds; `send` and `send_error` reach the client."""

    def __init__(
        self,
        ledger: Ledger,
        market: Market,
        accounts: tuple[str, ...],
        now_s: Callable[[], float],
        send: Callable[[Message], None],
        send_error: Callable[[int, int, str], None],
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._accounts = accounts
        self._now_s = now_s
        self._send = send
        self._send_error = send_error
        self._watches_positions = False
        self._updated_account: str | None = None
        self._summaries: dict[int, m.AccountSummaryRequest] = {}
        self._positions_multi: dict[int, m.PositionsMultiRequest] = {}
        self._updates_multi: dict[int, m.AccountUpdatesMultiRequest] = {}
        self._pnl: dict[int, PnlRequest] = {}
        self._told: dict[object, list[Message]] = {}

    # --- what the client asks

    def on_account_data(self, request: m.AccountDataRequest) -> None:
        """Account updates: one account at a time."""
        if not request.subscribe:
            self._updated_account = None
            return
        account = self._account(request.acct_code, -1)
        if account is not None:
            self._updated_account = account
            self._send_all(account_messages.account_download(self._ledger, account, self._market.quotes, self._at()))

    def on_positions(self, _: m.PositionsRequest) -> None:
        """Positions of all accounts, now and as they change."""
        self._watches_positions = True
        self._send_all(account_messages.positions(self._ledger, self._accounts))

    def on_cancel_positions(self, _: m.CancelPositions) -> None:
        """No more positions."""
        self._watches_positions = False

    def on_account_summary(self, request: m.AccountSummaryRequest) -> None:
        """A summary of all accounts, at most two at a time."""
        id_ = id_of(request.req_id)
        if len(self._summaries) >= MOST_SUMMARIES and id_ not in self._summaries:
            self._send_error(id_, 322, f"{PROCESSING}Maximum number of account summary requests exceeded")
            return
        self._summaries[id_] = request
        tags, quotes = request.tags or "", self._market.quotes
        answers = account_messages.account_summary(self._ledger, id_, self._accounts, tags, quotes)
        self._told[id_] = answers[:-1]
        self._send_all(answers)

    def on_cancel_account_summary(self, request: m.CancelAccountSummary) -> None:
        """One summary less."""
        self._summaries.pop(id_of(request.req_id), None)

    def on_positions_multi(self, request: m.PositionsMultiRequest) -> None:
        """Positions of one account under a request id."""
        id_ = id_of(request.req_id)
        account = self._account(request.account, id_)
        if account is not None:
            self._positions_multi[id_] = request
            model = request.model_code or ""
            self._send_all(account_messages.positions_multi(self._ledger, id_, (account,), model))

    def on_cancel_positions_multi(self, request: m.CancelPositionsMulti) -> None:
        """No more of them."""
        self._positions_multi.pop(id_of(request.req_id), None)

    def on_account_updates_multi(self, request: m.AccountUpdatesMultiRequest) -> None:
        """Account values of one account under a request id."""
        id_ = id_of(request.req_id)
        account = self._account(request.account, id_)
        if account is not None:
            self._updates_multi[id_] = request
            answers = account_messages.account_updates_multi(self._ledger, request, account, self._market.quotes)
            self._told[id_] = answers[:-1]
            self._send_all(answers)

    def on_cancel_account_updates_multi(self, request: m.CancelAccountUpdatesMulti) -> None:
        """No more of them."""
        self._updates_multi.pop(id_of(request.req_id), None)

    def on_pnl(self, request: PnlRequest) -> None:
        """Profit and loss of an account, or of one of its positions, now and as it changes."""
        id_ = id_of(request.req_id)
        if self._account(request.account, id_) is not None:
            self._pnl[id_] = request
            self._told[id_] = [self._pnl_now(id_, request)]
            self._send_all(self._told[id_])

    def on_cancel_pnl(self, request: m.CancelPnL | m.CancelPnLSingle) -> None:
        """No more of it."""
        self._pnl.pop(id_of(request.req_id), None)

    # --- what happens

    def open_requests(self) -> list[OpenRequest]:
        """What the client watches."""
        found = [OpenRequest(-1, "PositionsRequest", "")] if self._watches_positions else []
        if self._updated_account is not None:
            found.append(OpenRequest(-1, "AccountDataRequest", self._updated_account))
        for id_, summary in self._summaries.items():
            found.append(OpenRequest(id_, "AccountSummaryRequest", summary.tags or ""))
        for requests in (self._positions_multi, self._updates_multi, self._pnl):
            found += [OpenRequest(id_, type(one).__name__, one.account or "") for id_, one in requests.items()]
        return found

    def lose_subscriptions(self) -> None:
        """Tell nothing more until it is asked for anew."""
        self._watches_positions = False
        self._updated_account = None
        for requests in (self._summaries, self._positions_multi, self._updates_multi, self._pnl, self._told):
            requests.clear()

    def booked(self, account: str, con_id: int) -> None:
        """A fill was booked: tell who watches positions and accounts."""
        holding = self._ledger.position(account, con_id)
        if holding is None:
            return
        if self._watches_positions:
            self._send(account_messages.position(account, holding))
        for id_, request in self._positions_multi.items():
            if (request.account or account) == account:
                self._send(account_messages.position_multi(id_, account, holding, request.model_code or ""))
        if self._updated_account == account:
            self._send_all(account_messages.account_update(self._ledger, account, self._market.quotes, self._at()))
        self.refresh_rows()
        self.refresh_pnl()

    def refresh_rows(self) -> None:
        """Tell the summary and account rows that are not as last told."""
        for id_, summary in self._summaries.items():
            self._tell_changes(id_, self._summary_rows(summary))
        for id_, request in self._updates_multi.items():
            account = request.account or self._accounts[0]
            rows = account_messages.account_update_multi_rows(self._ledger, request, account, self._market.quotes)
            self._tell_changes(id_, rows)

    def refresh_pnl(self) -> None:
        """Tell the profits and losses that are not as last told."""
        for id_, request in self._pnl.items():
            self._tell_changes(id_, [self._pnl_now(id_, request)])

    def _tell_changes(self, id_: int, now: list[Message]) -> None:
        self._send_all(account_messages.changed(self._told.get(id_, []), now))
        self._told[id_] = now

    def _summary_rows(self, request: m.AccountSummaryRequest) -> list[Message]:
        quotes, id_ = self._market.quotes, id_of(request.req_id)
        return account_messages.account_summary_rows(self._ledger, id_, self._accounts, request.tags or "", quotes)

    def _pnl_now(self, id_: int, request: PnlRequest) -> Message:
        account, quotes = request.account or self._accounts[0], self._market.quotes
        if isinstance(request, m.PnLSingleRequest):
            return account_messages.pnl_single(self._ledger, id_, account, request.con_id or 0, quotes)
        return account_messages.pnl(self._ledger, id_, account, quotes)

    def _account(self, name: str | None, id_: int) -> str | None:
        """The account that a request means, which it need not name if there is but one; None after an error."""
        if not name and len(self._accounts) > 1:
            self._send_error(id_, 321, f"{VALIDATING}You must specify an account.")
            return None
        account = name or self._accounts[0]
        if account in self._accounts:
            return account
        self._send_error(id_, 321, f"{VALIDATING}Invalid account code '{account}'")
        return None

    def _at(self) -> datetime:
        return datetime.fromtimestamp(self._now_s(), UTC)

    def _send_all(self, messages: list[Message]) -> None:
        for message in messages:
            self._send(message)


ACCOUNT_HANDLERS: dict[type[Message], Callable[[AccountStreams, Any], None]] = {
    m.AccountDataRequest: AccountStreams.on_account_data,
    m.PositionsRequest: AccountStreams.on_positions,
    m.CancelPositions: AccountStreams.on_cancel_positions,
    m.AccountSummaryRequest: AccountStreams.on_account_summary,
    m.CancelAccountSummary: AccountStreams.on_cancel_account_summary,
    m.PositionsMultiRequest: AccountStreams.on_positions_multi,
    m.CancelPositionsMulti: AccountStreams.on_cancel_positions_multi,
    m.AccountUpdatesMultiRequest: AccountStreams.on_account_updates_multi,
    m.CancelAccountUpdatesMulti: AccountStreams.on_cancel_account_updates_multi,
    m.PnLRequest: AccountStreams.on_pnl,
    m.PnLSingleRequest: AccountStreams.on_pnl,
    m.CancelPnL: AccountStreams.on_cancel_pnl,
    m.CancelPnLSingle: AccountStreams.on_cancel_pnl,
}
"""What takes each account request."""
