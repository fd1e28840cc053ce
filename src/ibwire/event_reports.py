"""Telling of handlers that raise, take too long or fall behind: as an event, in the log, in the counters.

Knows what is wrong with a handler; does not know how it is run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from ibwire.event_types import Event, EventsDropped, EventType, HandlerFailure, SlowHandler

_log = logging.getLogger(__name__)


class HandlerReports:
    """Reports trouble with the handlers of one manager, and counts it over all of them.

    Trouble with such a report makes no other one, or two bad handlers could keep each other busy for ever: it is
    `unreported`, in the log and the counters only. `number` is always how often it happened to that handler so far; the
    log gets the first, tenth, hundredth … time, because a flood in the log hurts too.
    """

    def __init__(self, emit: Callable[[EventType, object], None]) -> None:
        self.failed = 0
        self.slow = 0
        self.dropped = 0
        self.unreported = 0
        self._emit = emit

    def report_failed(self, name: str, event: Event, error: BaseException, *, number: int) -> None:
        """A handler or its predicate raised on `event`."""
        self.failed += 1
        if _is_round(number):
            _log.error("%s failed on %s (%d so far)", name, event.type, number, exc_info=error)
        failure = HandlerFailure(
            subscription=name,
            event_type=event.type,
            event_sequence=event.sequence,
            error=_text_of(error),
        )
        self._report(EventType.HANDLER_FAILED, failure, event)

    def report_slow(self, name: str, event: Event, elapsed_s: float, *, number: int, is_running: bool) -> None:
        """A call for `event` took, or takes, longer than it may: `elapsed_s` seconds so far."""
        self.slow += 1
        if _is_round(number):
            state = "still running" if is_running else "over"
            _log.warning("%s took %.3f s for %s, %s (%d so far)", name, elapsed_s, event.type, state, number)
        slow = SlowHandler(
            subscription=name,
            event_type=event.type,
            event_sequence=event.sequence,
            elapsed_s=elapsed_s,
            is_running=is_running,
        )
        self._report(EventType.WARNING, slow, event)

    def report_lost(self, name: str, bound: int, *, number: int, is_first: bool) -> None:
        """A full queue lost an event, the first since it was last empty, or one more, which is only counted."""
        self.dropped += 1
        if is_first:
            _log.warning("%s has %d events waiting and loses some (%d so far)", name, bound, number)
            self._emit(EventType.WARNING, EventsDropped(subscription=name, dropped=number, bound=bound))

    def _report(self, event_type: EventType, data: object, about: Event) -> None:
        if about.type is EventType.HANDLER_FAILED or isinstance(about.data, (SlowHandler, EventsDropped)):
            self.unreported += 1
        else:
            self._emit(event_type, data)


def _text_of(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - even its text is a user's code
        return type(error).__name__


def _is_round(number: int) -> bool:
    """Whether it is 1, 10, 100 …"""
    while number % 10 == 0:
        number //= 10
    return number == 1
