"""Keeps streams going: through lost links, lost farms, competing sessions and plain silence.

What tells it: the requests of the connection (a stream has failed), the gateway's notices, and `look`, called about
once a second. What it does: tells each consumer of its gap, and asks for the stream again when that can help, through
the rate limiter like everything else. The rules:

    link lost (any cause)      every stream is lost; recovery asks for them again, by priority
    1100                       every stream stalls until 1101 or 1102
    1101                       every stream is lost and asked for again at once, by priority
    1102, farm up              what has stalled gets `VERIFY_S` to tick by itself, then it is asked for again
    farm down                  what such a farm may serve stalls once it is silent for `FARM_SILENCE_S`: IBKR does not
                               tell which farm serves which contract, but a stream that ticks is not of this one
    competing session (10197)  the stream stalls and is asked for again with back-off
    ended by the gateway       the same, where the error says that asking again can help
    pacing violation           the same after a longer pause, also at the start: another process may have asked before
    silent while others tick   stale: told, and asked for again
    silent like all others     the same after ten times as long, because it may be the market that stands still
    asked for again, silent    asked for again once more, after ever longer waits
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from ibwire.connection import ConnectionManager, ConnectionState
from ibwire.error_codes import ERROR_TABLE, Category, ErrorTable
from ibwire.events import EventType, StreamGap, StreamResumed, StreamStale, utc_now
from ibwire.exceptions import ConnectionLost, IbwireError, PacingViolation, RequestError
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.kept_stream import KeptStream, StreamState
from ibwire.notices import FarmKind, News, Notice
from ibwire.requests import spec_of
from ibwire.streams import MessageStream, Receiver
from ibwire.wire import Message
from ibwire.wire import messages as m
from ibwire.wire.catalogue import Correlation, Shape, shape_of

VERIFY_S = 5.0
"""How long a stream that should go on by itself has to show it."""

FARM_SILENCE_S = 2.0
BAR_SILENCE_S = 7.0
"""A stream that has been silent for so long since a farm was lost is taken for one of that farm's; a bar takes 5 s."""

SETTLE_S = 5.0
"""A stream that may be silent for long, asked for again, counts as resumed after so long without an error."""

RETRY_FIRST_S, RETRY_MAX_S = 5.0, 60.0
"""The pauses before a stream is asked for again that the gateway ended or that another session has."""

PACING_FIRST_S = 30.0
"""The first pause after a pacing violation: half of it at least, which is IBKR's 15 s for the same request."""

PATIENCE_MAX_S = 600.0
"""The longest wait for the data of a stream that was asked for again; the first is `stale_s`, or twice that."""

ALL_SILENT = 10
"""How many times longer silence is borne when every stream is silent."""

ACCOUNT_KINDS = (
    m.AccountDataRequest,
    m.AccountSummaryRequest,
    m.AccountUpdatesMultiRequest,
    m.PositionsRequest,
    m.PositionsMultiRequest,
    m.PnLRequest,
    m.PnLSingleRequest,
)
"""What is streamed of accounts: recovered before orders, and those before everything else."""

_TICKING = (m.MarketDataRequest, m.MarketDepthRequest, m.RealTimeBarsRequest)
"""What is odd to be silent while others tick."""

_FARM_SERVES: dict[FarmKind, tuple[type[Message], ...]] = {
    FarmKind.MARKET_DATA: (*_TICKING, m.TickByTickRequest),
    FarmKind.HISTORY: (m.HistoricalDataRequest,),
    FarmKind.DEFINITIONS: (),
}

_BARS = (m.RealTimeBarsRequest, m.HistoricalDataRequest)
_MAY_BE_SILENT = (m.TickByTickRequest, m.NewsBulletinsRequest, m.ScannerSubscriptionRequest)
"""What answers a subscription with nothing until something happens."""

_log = logging.getLogger(__name__)


class KeeperStatistics(Struct, frozen=True, kw_only=True):
    """How many streams there are, by state, and how many gaps there were and are."""

    live: int
    in_gap: int
    gaps: int
    asked_again: int
    stale: int


class StreamKeeper:
    """The kept streams of one connection. `stale_s` is how long a ticking stream may be silent."""

    def __init__(
        self,
        connection: ConnectionManager,
        *,
        stale_s: float,
        rng: random.Random,
        errors: ErrorTable = ERROR_TABLE,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._connection = connection
        self._events = connection.events
        self._stale_s = stale_s
        self._rng = rng
        self._errors = errors
        self._now = now
        self._streams: dict[KeptStream, None] = {}  # in the order in which they came
        self._farms_down: dict[str, tuple[FarmKind, float]] = {}
        self._gaps = self._asked_again = self._stale = 0

    # --- what users ask

    def stream(
        self,
        message: Message,
        *,
        bound: int | None = None,
        priority: int = 0,
        should_tick: Callable[[], bool] = lambda: True,
    ) -> MessageStream:
        """A stream that outlives the link; see `IBSession.stream`."""
        _check_is_subscription(message)
        feed: StreamFeed

        def open_(consumer: MessageStream) -> None:
            nonlocal feed
            feed = self.feed(message, consumer, priority=priority, should_tick=should_tick)

        return MessageStream(bound or self._connection.settings.stream_bound, open_, lambda _: feed.close())

    def feed(
        self,
        message: Message,
        receiver: Receiver,
        *,
        priority: int = 0,
        should_tick: Callable[[], bool] = lambda: True,
    ) -> StreamFeed:
        """A stream whose messages, gaps and end are given to `receiver` as they come, before this returns even.

        The receiver is called by the socket's reader: it must be quick, and must not raise. Raises what sending raises,
        and RequestError for what is no subscription.
        """
        _check_is_subscription(message)
        kept = KeptStream(self, message, receiver, priority=priority, should_tick=should_tick, now=self._now)
        self._open(kept)
        return StreamFeed(self, kept)

    def statistics(self) -> KeeperStatistics:
        """The streams as they are now, and the counters since the start."""
        live = sum(stream.state is StreamState.LIVE for stream in self._streams)
        return KeeperStatistics(
            live=live,
            in_gap=len(self._streams) - live,
            gaps=self._gaps,
            asked_again=self._asked_again,
            stale=self._stale,
        )

    def fail_all(self, error: IbwireError) -> None:
        """End every stream with this error: nobody will make the link again."""
        for stream in list(self._streams):
            stream.finish(error)

    def close_all(self) -> None:
        """End every stream and cancel what is open at the gateway."""
        for stream in list(self._streams):
            self.close(stream)

    def close(self, stream: KeptStream) -> None:
        """End a stream and cancel it at the gateway."""
        entry = stream.close()
        if entry is not None:
            self._connection.requests.give_up(entry)

    def distrust(self, stream: KeptStream, reason: GapReason, detail: str) -> None:
        """What came cannot be: ask for it again, at once the first time, later if that has not helped for long."""
        if stream.entry is None:
            return  # it is over, or in a gap that ends with asking again
        self._connection.requests.give_up(stream.entry)
        stream.lose(reason, detail)
        stream.entry = None
        if stream.tries:
            self._ask_later(stream)
        else:
            self._ask(stream)

    # --- what happens

    def take_notice(self, notice: Notice) -> None:
        """What the gateway says of its own links."""
        match notice.news:
            case News.OFFLINE:
                for stream in self._in_order():
                    stream.stall(GapReason.OFFLINE, notice.text)
            case News.ONLINE_DATA_LOST:
                self._lose_all(notice.text)
            case News.ONLINE:
                self._expect(GapReason.OFFLINE)
            case News.FARM_DOWN:
                self._farms_down[notice.farm] = (notice.farm_kind, self._time())
            case News.FARM_UP:
                self._farms_down.pop(notice.farm, None)
                self._expect(GapReason.FARM_DOWN)

    async def ask_again(self, *, account: bool) -> int:
        """Ask for what was lost, those of accounts or the others, by priority; how many, once all of them have left.

        Raises ConnectionLost if the link falls again meanwhile.
        """
        lost = [one for one in self._in_order(StreamState.LOST) if isinstance(one.message, ACCOUNT_KINDS) == account]
        for stream in lost:
            self._ask(stream)
        for stream in lost:
            await stream.has_left.wait()
        if not self._connection.is_up:
            raise ConnectionLost("the link fell while streams were asked for again")
        return len(lost)

    def look(self) -> None:
        """See which streams tick, and do what has fallen due; to be called about once a second."""
        now_s = self._time()
        for stream in self._streams:
            if stream.look():
                stream.data_at_s = now_s
            if stream.state is StreamState.LIVE and now_s - stream.live_at_s > RETRY_MAX_S:
                stream.tries = 0  # only what lasted shows that asking again has helped
        if not self._connection.is_up:
            return
        self._stall_those_of_lost_farms(now_s)
        self._ask_for_the_stale(now_s)
        for stream in self._in_order():
            if stream.ask_again_at_s is not None and stream.ask_again_at_s <= now_s:
                self._ask_or_settle(stream)

    # --- what streams tell

    def gap_began(self, stream: KeptStream, gap: Gap) -> None:
        """Count it and tell it."""
        self._gaps += 1
        what = repr(stream.message)
        news = StreamGap(request=what, since=gap.since, reason=gap.reason.value, detail=gap.detail)
        self._events.emit(EventType.STREAM_GAP, news)

    def resumed(self, stream: KeptStream, gap: Gap, resumed: Resumed) -> None:
        """Tell it."""
        stream.live_at_s = stream.data_at_s = self._time()
        gap_s = (resumed.at - gap.since).total_seconds()
        news = StreamResumed(request=repr(stream.message), reason=gap.reason.value, gap_s=gap_s)
        self._events.emit(EventType.STREAM_RESUMED, news)

    def link_fell(self, stream: KeptStream, error: IbwireError) -> None:
        """Since when nothing came, nobody knows better than the link."""
        self._farms_down.clear()  # what was known of them was this link's
        stream.lose(GapReason.LINK_LOST, error.message, self._ago(self._connection.idle_s))

    def warned(self, stream: KeptStream, warning: m.ErrorMessage) -> None:
        """A competing session has the data: ask again later."""
        rule = self._errors.rule_for(warning.error_code or 0, warning.error_msg or "")
        if rule.category is Category.COMPETING_SESSION:
            stream.stall(GapReason.COMPETING_SESSION, warning.error_msg or "")
            self._ask_later(stream)

    def ended_by_gateway(self, stream: KeptStream, error: IbwireError) -> None:
        """Ask again later."""
        _log.warning("%s is asked for again later: %s", type(stream.message).__name__, error)
        stream.lose(GapReason.ENDED, str(error))
        self._ask_later(stream, PACING_FIRST_S if isinstance(error, PacingViolation) else RETRY_FIRST_S)

    def is_over(self, stream: KeptStream) -> None:
        """Forget it."""
        self._streams.pop(stream, None)

    # --- asking

    def _open(self, stream: KeptStream) -> None:
        stream.data_at_s = self._time()
        if self._connection.is_up or not self._connection.will_return:
            entry = self._connection.requests.start(stream.message, stream, sent=lambda: self._left(stream))
            if not entry.is_registered:
                return  # refused in the same turn: its consumer has been told
            stream.begin(entry)
        self._streams[stream] = None
        if stream.entry is None:
            stream.lose(GapReason.LINK_LOST, f"the connection is {self._connection.state.value}")
        elif self._connection.state is ConnectionState.DEGRADED:
            stream.stall(GapReason.OFFLINE, "the gateway has no link to IBKR")

    def _ask(self, stream: KeptStream) -> None:
        """Ask again for a stream that is lost, under another id: what may still come under the old one is old.

        But a client has one account summary, and that keeps the id that it was given. Handlers of events run in between
        here, and may close any stream: what is over is left alone.
        """
        if stream.state is not StreamState.LOST:
            return
        stream.has_left.clear()
        message = stream.message
        has_id = spec_of(message).correlation is Correlation.REQUEST_ID
        if has_id and not isinstance(message, m.AccountSummaryRequest):
            message = replace(message, req_id=None)
        try:
            entry = self._connection.requests.start(message, stream, sent=lambda: self._left(stream))
        except IbwireError as error:
            stream.fail(error)
            return
        if stream.is_over:
            self._connection.requests.give_up(entry)
        if not entry.is_registered:
            return  # refused in the same turn, for good or until later; or closed
        self._asked_again += 1
        stream.begin_again(entry)
        if stream.has_left.is_set():
            self._give_time(stream)

    def _left(self, stream: KeptStream) -> None:
        """It may have waited for its turn: only from now on can it tick."""
        stream.has_left.set()
        if stream.state is StreamState.STALLED:
            self._give_time(stream)
        else:
            stream.data_at_s = self._time()

    def _give_time(self, stream: KeptStream) -> None:
        """Until when it should have ticked, or when it may count as resumed without."""
        wait_s = SETTLE_S if isinstance(stream.message, _MAY_BE_SILENT) else self._patience_s(stream)
        stream.ask_again_at_s = self._time() + wait_s

    def _patience_s(self, stream: KeptStream) -> float:
        """How long a stream may be silent: longer each time that asking again has not helped for long."""
        return min(self._stale_s * 2.0**stream.tries, max(PATIENCE_MAX_S, self._stale_s))

    def _ask_later(self, stream: KeptStream, first_s: float = RETRY_FIRST_S) -> None:
        pause_s = min(first_s * 2.0**stream.tries, RETRY_MAX_S)
        stream.ask_again_at_s = self._time() + self._rng.uniform(pause_s / 2, pause_s)

    def _ask_or_settle(self, stream: KeptStream) -> None:
        """The time in which a stream should have ticked is over."""
        stream.ask_again_at_s = None
        if stream.entry is not None and not stream.has_left.is_set():
            return  # who waits for a turn must not lose its place
        if stream.state is StreamState.STALLED and isinstance(stream.message, _MAY_BE_SILENT):
            stream.settle()
            return
        if stream.entry is not None:
            self._give_up(stream)
            stream.lose(GapReason.STALE, "nothing came")
        self._ask(stream)

    def _give_up(self, stream: KeptStream) -> None:
        if stream.entry is not None:
            self._connection.requests.give_up(stream.entry)

    def _lose_all(self, detail: str) -> None:
        """What the gateway has forgotten is asked for again under other ids, without a cancel for the old ones."""
        lost = self._in_order(StreamState.LIVE, StreamState.STALLED)
        for stream in lost:
            if stream.entry is not None:
                stream.entry.unregister()
            stream.lose(GapReason.DATA_LOST, detail)
        for stream in lost:
            self._ask(stream)

    def _expect(self, reason: GapReason) -> None:
        """What stalled for this reason should go on by itself; if it does not soon, it is asked for again."""
        for stream in self._in_order(StreamState.STALLED):
            if stream.gap is not None and stream.gap.reason is reason:
                stream.ask_again_at_s = self._time() + VERIFY_S

    # --- silence

    def _stall_those_of_lost_farms(self, now_s: float) -> None:
        for name, (kind, since_s) in self._farms_down.items():
            for stream in self._in_order(StreamState.LIVE):
                silence_s = BAR_SILENCE_S if isinstance(stream.message, _BARS) else FARM_SILENCE_S
                is_silent = now_s - max(stream.data_at_s, since_s) >= silence_s
                if is_silent and isinstance(stream.message, _FARM_SERVES[kind]):
                    detail = f"the farm {name} is lost, and nothing has come since"
                    stream.stall(GapReason.FARM_DOWN, detail, self._ago(now_s - stream.data_at_s))

    def _ask_for_the_stale(self, now_s: float) -> None:
        ticking = [one for one in self._in_order(StreamState.LIVE) if isinstance(one.message, _TICKING)]
        others_tick = any(now_s - stream.data_at_s < self._stale_s / 2 for stream in ticking)
        for stream in ticking:
            silent_s = now_s - stream.data_at_s
            patience_s = self._patience_s(stream) * (1 if others_tick else ALL_SILENT)
            is_asked = stream.entry is not None and stream.has_left.is_set()
            if silent_s >= patience_s and is_asked and stream.is_silence_odd():
                self._stale += 1
                self._events.emit(EventType.STREAM_STALE, StreamStale(request=repr(stream.message), silent_s=silent_s))
                self._give_up(stream)
                stream.lose(GapReason.STALE, f"silent for {silent_s:.0f} s", self._ago(silent_s))
                self._ask(stream)

    def _in_order(self, *states: StreamState) -> list[KeptStream]:
        """The streams in these states (none named: all), the most important first, and of the same the older."""
        found = [one for one in self._streams if not states or one.state in states]
        return sorted(found, key=lambda one: one.priority)

    def _time(self) -> float:
        return asyncio.get_running_loop().time()

    def _ago(self, seconds: float) -> datetime:
        return self._now() - timedelta(seconds=seconds)


class StreamFeed:
    """A stream as the service holds it that takes its messages; see `session_api.Feed`."""

    def __init__(self, keeper: StreamKeeper, stream: KeptStream) -> None:
        self._keeper = keeper
        self._stream = stream

    @property
    def times_asked(self) -> int:
        """How often it was asked for at the gateway."""
        return self._stream.times_asked

    def ask_again(self, reason: GapReason, detail: str) -> None:
        """A gap, and ask for it again."""
        self._keeper.distrust(self._stream, reason, detail)

    def close(self) -> None:
        """End it, and cancel it at the gateway."""
        self._keeper.close(self._stream)


def _check_is_subscription(message: Message) -> None:
    if shape_of(message) is not Shape.STREAM or spec_of(message).correlation is Correlation.ORDER_ID:
        raise RequestError(f"{type(message).__name__} is no subscription that could be kept; use request()")
