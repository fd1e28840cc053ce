"""Accounts: values, positions, portfolio, profit and loss, and summary; as state, as streams and as events.

    positions = session.account.positions()
    await positions.ready()
    for position in positions.read().rows: ...
    async with positions.stream() as changes: ...

One subscription at the gateway serves everybody who looks at the same. What IBKR allows only once per client is asked
for once (protocol notes, 3.9 to 3.12; pacing notes, 8).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from ibwire.account_feed import AccountFeed, AccountRow
from ibwire.account_values import SUMMARY_TAGS, AccountValue
from ibwire.account_view import AccountView
from ibwire.error_codes import ACCOUNT_UPDATES_REFUSED, ACCOUNT_UPDATES_TAKEN, ERROR_TABLE
from ibwire.exceptions import InvalidRequest, NotConnected, RateLimitReached
from ibwire.portfolio import PortfolioItem
from ibwire.positions import Position
from ibwire.profit_and_loss import AccountPnL, PositionPnL
from ibwire.session_api import SessionApi
from ibwire.settings import ConnectionSettings
from ibwire.wire import Message
from ibwire.wire import messages as m

MOST_ACCOUNTS = 50
"""IBKR does not stream the positions of more accounts than this together (protocol notes, 3.11)."""

R = TypeVar("R", bound=AccountRow)


class Account:
    """The accounts of a session's login. Each method gives a view; nothing is asked for before the view is used.

    `account` may be left out where the login has one. The events POSITION, PORTFOLIO, ACCOUNT_VALUE, ACCOUNT_PNL and
    POSITION_PNL tell the same changes as the streams, for as long as somebody keeps or reads what they are of.
    """

    def __init__(self, session: SessionApi, settings: ConnectionSettings) -> None:
        self._session = session
        self._settings = settings
        self._feeds: dict[Message, AccountFeed] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._summary_id: int | None = None
        session.listen(self._take_notice)

    def positions(self, account: str | None = None, *, model_code: str = "") -> AccountView[Position]:
        """The positions of one account, or without `account` of all of them.

        Raises InvalidRequest if there are more accounts than IBKR streams together, and none is named.
        """
        if model_code or (account is not None and self._session.accounts != (account,)):
            return self._view(Position, m.PositionsMultiRequest(None, self._named(account), model_code))
        if len(self._session.accounts) > MOST_ACCOUNTS:
            raise InvalidRequest(f"positions of {len(self._session.accounts)} accounts at once", hint="name an account")
        return self._view(Position, m.PositionsRequest())

    def values(self, account: str | None = None, *, model_code: str = "") -> AccountView[AccountValue]:
        """The values of an account, of its segments, and by currency.

        They share their subscription with the portfolio where the login has one account.
        """
        account = self._named(account)
        if not model_code and self._session.accounts == (account,):
            return self._view(AccountValue, m.AccountDataRequest(subscribe=True, acct_code=account))
        return self._view(AccountValue, m.AccountUpdatesMultiRequest(account=account, model_code=model_code))

    def portfolio(self, account: str | None = None) -> AccountView[PortfolioItem]:
        """The positions of an account with their worth: of one account at a time, which is IBKR's limit per client.

        Using the view raises RateLimitReached while another account's is in use. If another client takes the
        subscription (IBKR's 2100) that is a gap, and it is asked for again; if another client keeps it (2101) the view
        ends with that error. Raises InvalidRequest for an account that is not this login's.
        """
        return self._view(PortfolioItem, m.AccountDataRequest(subscribe=True, acct_code=self._own(account)))

    def pnl(self, account: str | None = None, *, model_code: str = "") -> AccountView[AccountPnL]:
        """The profit and loss of an account: one row."""
        return self._view(AccountPnL, m.PnLRequest(None, self._named(account), model_code))

    def position_pnl(
        self, con_id: int, account: str | None = None, *, model_code: str = ""
    ) -> AccountView[PositionPnL]:
        """The profit and loss of an account's position in a contract: one row."""
        request = m.PnLSingleRequest(account=self._named(account), model_code=model_code, con_id=con_id)
        return self._view(PositionPnL, request)

    def summary(self, account: str | None = None) -> AccountView[AccountValue]:
        """The main values, without those by segment, of one account or of all, renewed every three minutes.

        IBKR grants two summaries per client and does not take their ids back (322), so this is one, with every tag,
        under one id; it needs a link when it is first used (NotConnected). Raises InvalidRequest for an account that is
        not this login's.
        """
        request = m.AccountSummaryRequest(group="All", tags=",".join(SUMMARY_TAGS))
        if account is None:
            return self._view(AccountValue, request)
        self._own(account)
        return self._view(AccountValue, request, where=lambda row: row.account == account)

    async def aclose(self) -> None:
        """End every subscription, and leave no task behind. Safe to call again."""
        for feed in tuple(self._feeds.values()):
            feed.close()
        await asyncio.gather(*self._tasks)

    # --- subscriptions

    def _view(self, kind: type[R], request: Message, where: Callable[[R], bool] = lambda _: True) -> AccountView[R]:
        return AccountView(
            kind,
            partial(self._open, request),
            partial(self._feeds.get, request),
            bound=self._settings.stream_bound,
            timeout_s=self._settings.request_timeout_s,
            where=where,
        )

    def _open(self, request: Message) -> AccountFeed:
        """The subscription made by `request`: the one under way, or a new one."""
        feed = self._feeds.get(request)
        if feed is None or feed.is_over:
            if isinstance(request, m.AccountDataRequest):
                self._make_room_for(request)
            feed = self._feeds[request] = AccountFeed(self._session, self._numbered(request))
            self._tasks.add(feed.task)
            feed.task.add_done_callback(partial(self._ended, request, feed))
        return feed

    def _ended(self, request: Message, feed: AccountFeed, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if feed.error is None and self._feeds.get(request) is feed:  # an error is kept for who reads next
            del self._feeds[request]

    def _make_room_for(self, request: m.AccountDataRequest) -> None:
        for feed in self._account_updates():
            if feed.is_used:
                raise RateLimitReached(
                    "IBKR streams the portfolio of one account per client, and another one's is in use",
                    request=repr(request),
                    hint="release that one; positions(account) and position_pnl(con_id, account) have no such limit",
                )
            feed.close()

    def _account_updates(self) -> list[AccountFeed]:
        """The account updates under way; they answer without an id."""
        updates = [feed for request, feed in self._feeds.items() if isinstance(request, m.AccountDataRequest)]
        return [feed for feed in updates if not feed.is_over]

    def _numbered(self, request: Message) -> Message:
        """With the id that is used again and again, if it is a summary."""
        if not isinstance(request, m.AccountSummaryRequest):
            return request
        if self._summary_id is None:
            self._summary_id = self._session.next_id()
        return replace(request, req_id=self._summary_id)

    def _take_notice(self, message: Message) -> None:
        """What the gateway says of account updates comes without an id."""
        if not isinstance(message, m.ErrorMessage):
            return
        code, text = message.error_code, message.error_msg or ""
        for feed in self._account_updates():
            if code == ACCOUNT_UPDATES_TAKEN:
                feed.interrupt(text)
            elif code == ACCOUNT_UPDATES_REFUSED:
                feed.refuse(ERROR_TABLE.exception_for(code, text))

    # --- accounts

    def _named(self, account: str | None) -> str:
        """The account meant. Raises InvalidRequest if none is named and the login has several."""
        known = self._session.accounts
        if account:
            return account
        if not known:
            raise NotConnected("the gateway has not said yet which accounts there are")
        if len(known) > 1:
            raise InvalidRequest(f"which account? This login has {', '.join(known)}", hint="name the account")
        return known[0]

    def _own(self, account: str | None) -> str:
        """The same, and it is this login's: for what IBKR would refuse without saying what it refuses."""
        account = self._named(account)
        if account not in self._session.accounts:
            known = ", ".join(self._session.accounts)
            raise InvalidRequest(f"{account} is no account of this login, which has {known}")
        return account
