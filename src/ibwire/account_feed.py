"""One account subscription at the gateway and what is known from it, for as long as somebody uses it.

Reads a kept stream into a table, tells consumers and events what changes, and asks again when a download does not come
to its end. A feed lives once: when nobody uses it any more, or IBKR refuses it, it is over, and another is made.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from msgspec import Struct

from ibwire.account_table import AccountTable, Phase
from ibwire.account_values import AccountValue, is_resetting, read_account_value
from ibwire.events import EventType
from ibwire.exceptions import IbwireError, RequestCancelled, RequestTimeout
from ibwire.fan_out import FanOut
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.portfolio import PortfolioItem, read_portfolio_item
from ibwire.positions import Position, read_position
from ibwire.profit_and_loss import AccountPnL, PositionPnL, read_account_pnl, read_position_pnl
from ibwire.session_api import SessionApi
from ibwire.streams import MessageStream
from ibwire.tasks import begin
from ibwire.wire import Message
from ibwire.wire import messages as m
from ibwire.wire.catalogue import CATALOGUE

AccountRow = AccountValue | PortfolioItem | Position | AccountPnL | PositionPnL
"""Everything that is streamed of accounts."""

AccountUpdate = AccountRow | Gap | Resumed
"""What a consumer is told: a row that is new or has changed, and the marks of a gap."""

QUIET_S = 10.0
"""After so long without a row, a download that has not ended is asked for again; each time twice as long."""

LIMIT_S = 60.0
"""The same, however many rows come: after a gap they may be of no download (1102), and some gateways forget to end one
(protocol notes, 3.9)."""

PATIENCE_MAX_S = 300.0
"""The longest wait before it is asked for again."""

_EVENTS = {
    Position: EventType.POSITION,
    PortfolioItem: EventType.PORTFOLIO,
    AccountValue: EventType.ACCOUNT_VALUE,
    AccountPnL: EventType.ACCOUNT_PNL,
    PositionPnL: EventType.POSITION_PNL,
}

_log = logging.getLogger(__name__)


class _Interrupted(Struct, frozen=True):
    """Put among the messages: the gateway has said elsewhere that no more will come."""

    text: str


class AccountFeed:
    """The subscription made by `request`, used by its `consumers` and by whoever holds it.

    It ends with the last of them, but lets a download come to its end first: most answers carry no request id, so the
    next one to ask would take that end for its own.
    """

    def __init__(self, session: SessionApi, request: Message) -> None:
        self._session = session
        self._request = request
        self._end_kind = CATALOGUE[type(request)].end
        self.table: AccountTable[AccountRow] = AccountTable()
        self.consumers: FanOut[AccountUpdate] = FanOut(on_empty=self._close_if_unused)
        self.known_at: datetime | None = None
        """When the gateway last said something of it while it was current: aware UTC."""
        self.error: IbwireError | None = None
        """Why it is over, if it did not end on purpose."""
        self.is_over = False
        self._users: set[object] = set()
        self._settled = asyncio.Event()
        self._tries = 0
        self._began_s = self._heard_s = self._current_at_s = self._time()
        self._stream: MessageStream | None = None
        self.task = begin(self._run(), name=f"ibwire {type(request).__name__}")

    # --- those who use it

    @property
    def is_used(self) -> bool:
        """Whether somebody reads or holds it."""
        return bool(self._users) or len(self.consumers) > 0

    def hold(self, user: object) -> None:
        """Keep it going until `user` lets go."""
        self._users.add(user)

    def let_go(self, user: object) -> None:
        """`user` needs it no more; one who does not hold it is no mistake."""
        self._users.discard(user)
        self._close_if_unused()

    async def until_current(self, timeout_s: float) -> None:
        """Wait for a whole and current state. Raises RequestTimeout, or what the subscription ended with."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self.is_over and not self.table.is_current:
                    await self._settled.wait()
        except TimeoutError:
            what = f"no complete download within {timeout_s:g} s"
            raise RequestTimeout(what, request=repr(self._request)) from None
        if self.is_over:
            raise self.error or RequestCancelled("the subscription was closed", request=repr(self._request))

    # --- what happens beside its stream

    def interrupt(self, text: str) -> None:
        """The gateway has ended the subscription without a word on the stream; a download under way will show it."""
        if self._stream is not None and self.table.is_current:
            self._stream.deliver(_Interrupted(text))

    def refuse(self, error: IbwireError) -> None:
        """The gateway does not grant it."""
        if self._stream is not None:
            self._stream.fail(error)

    def close(self) -> None:
        """End it at once, and cancel it at the gateway. Safe to call again."""
        if self._stream is not None:
            self._stream.close()
        self._finish(None)

    def _close_if_unused(self) -> None:
        if not self.is_used and self.table.phase is not Phase.FILLING:
            self.close()

    # --- its task

    async def _run(self) -> None:
        error: IbwireError | None = None
        try:
            while not self.is_over and await self._follow() and self.is_used:
                self._tries += 1
        except IbwireError as failure:
            error = failure
        except Exception as failure:  # noqa: BLE001 - nobody may wait for ever for a reader that is gone
            _log.exception("%s cannot go on", type(self._request).__name__)
            error = IbwireError(f"{type(self._request).__name__} cannot go on: {failure!r}", hint="report this")
            error.__cause__ = failure
        finally:
            self._finish(error)

    async def _follow(self) -> bool:
        """Subscribe, and take what comes; whether it is to be asked for again."""
        self.table.restart()
        self._began_s = self._heard_s = self._time()
        async with self._session.stream(self._request) as stream:
            self._stream = stream
            while self.is_used or self.table.phase is Phase.FILLING:
                try:
                    async with asyncio.timeout_at(self._ask_again_at_s()):
                        message = await anext(stream)
                except TimeoutError:
                    return True
                except StopAsyncIteration:
                    break
                self._take(message)
        return False

    def _ask_again_at_s(self) -> float | None:
        """When a download that has not come to its end is asked for again; None if none is under way."""
        if self.table.phase is not Phase.FILLING:
            return None
        patience_s = min(QUIET_S * 2.0 ** min(self._tries, 16), PATIENCE_MAX_S)
        return min(self._heard_s + patience_s, self._began_s + max(LIMIT_S, patience_s))

    def _take(self, message: Message) -> None:
        phase = self.table.phase
        news = self._digest(message)
        if self.table.is_current:
            self.known_at = self._session.now()
        if self.table.phase is not phase:
            self._entered(self.table.phase)
        self._tell(news)

    def _digest(self, message: Message) -> list[AccountUpdate]:
        match message:
            case Gap():
                return self.table.begin_gap(message)
            case Resumed():
                self.table.end_gap()
                return []
            case _Interrupted():
                return self.table.distrust(Gap(self._session.now(), GapReason.ENDED, message.text))
            case m.AccountUpdateTime() | m.ErrorMessage():
                return []  # a time of day without a date; a warning that does not end it
        if not _concerns(self._request, message):
            return []
        now, self._heard_s = self._session.now(), self._time()
        if self._end_kind is not None and isinstance(message, self._end_kind):
            return self.table.end(Resumed(now))
        row = _read(self._request, message)
        if row is None:
            _log.warning("%s names nothing and is passed over", type(message).__name__)
            return []
        return self._digest_row(row, now)

    def _digest_row(self, row: AccountRow, now: datetime) -> list[AccountUpdate]:
        if is_resetting(row):
            news = self.table.distrust(Gap(now, GapReason.NOT_READY, "AccountReady is false"))
            return [*news, *self.table.take(row)]
        if self._end_kind is None and not self.table.is_current:
            self.table.restart()  # it has no download: each row says all
            return [*self.table.take(row), *self.table.end(Resumed(now))]
        return self.table.take(row)

    def _entered(self, phase: Phase) -> None:
        now_s = self._time()
        if phase is Phase.CURRENT:
            self._current_at_s = now_s
            self._settled.set()
            return
        self._settled.clear()
        if phase is Phase.FILLING:
            self._began_s = self._heard_s = now_s
            if now_s - self._current_at_s > LIMIT_S:
                self._tries = 0  # only what lasted shows that asking again has helped

    def _tell(self, news: list[AccountUpdate]) -> None:
        for item in news:
            if not isinstance(item, Gap | Resumed):
                self._session.events.emit(_EVENTS[type(item)], item)
            self.consumers.publish(item)

    def _finish(self, error: IbwireError | None) -> None:
        if not self.is_over:
            self.is_over, self.error = True, error
            self.consumers.end(error)
            self._settled.set()

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()


def _read(request: Message, message: Message) -> AccountRow | None:
    """The row that an answer to `request` holds."""
    match request:
        case m.PnLRequest():
            return read_account_pnl(request, message)
        case m.PnLSingleRequest():
            return read_position_pnl(request, message)
        case m.PositionsRequest() | m.PositionsMultiRequest():
            return read_position(message)
    return read_portfolio_item(message) if isinstance(message, m.PortfolioValue) else read_account_value(message)


def _concerns(request: Message, message: Message) -> bool:
    """Whether an answer is of the account asked for: after a switch, rows of the one before may still come."""
    if not isinstance(request, m.AccountDataRequest):
        return True
    return getattr(message, "account_name", None) in (None, request.acct_code)
