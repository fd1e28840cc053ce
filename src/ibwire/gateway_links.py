"""The gateway's own links, as far as it tells of them: to IBKR, and to the farms of data servers.

Turns notices into the state of the connection and into events; says only what is new.
"""

from __future__ import annotations

from ibwire.connection_state import ConnectionState, StateKeeper
from ibwire.events import Connectivity, EventManager, EventType, Farm
from ibwire.notices import News, Notice


class GatewayLinks:
    """What is known of the links of the gateway behind one connection."""

    def __init__(self, states: StateKeeper, events: EventManager) -> None:
        self._states = states
        self._events = events
        self._farms_down: dict[str, bool] = {}
        self.is_offline = False
        """Whether the gateway said that it has no link to IBKR: 1100, or 2110 to a client that comes."""

    def forget(self) -> None:
        """What was known was told over a connection that is gone."""
        self.is_offline = False
        self._farms_down.clear()

    def opened(self) -> None:
        """The connection is up; what was said while it opened holds."""
        if self.is_offline:
            self._states.enter(ConnectionState.DEGRADED, "the gateway has no link to IBKR")

    def take(self, notice: Notice) -> None:
        """Take note of one notice; most say nothing of links."""
        match notice.news:
            case News.OFFLINE:
                self._go_offline(notice)
            case News.ONLINE | News.ONLINE_DATA_LOST:
                self._come_online(notice)
            case News.FARM_DOWN | News.FARM_UP:
                self._note_farm(notice)

    def _go_offline(self, notice: Notice) -> None:
        self.is_offline = True
        # A gateway may say it many times over, as in the nightly reset.
        if self._states.state is ConnectionState.CONNECTED:
            self._states.enter(ConnectionState.DEGRADED, notice.text)
            news = Connectivity(code=notice.code, text=notice.text)
            self._events.emit(EventType.GATEWAY_CONNECTIVITY_LOST, news)

    def _come_online(self, notice: Notice) -> None:
        self.is_offline = False
        if self._states.state is ConnectionState.DEGRADED:
            self._states.enter(ConnectionState.CONNECTED, notice.text)
        is_data_lost = notice.news is News.ONLINE_DATA_LOST
        news = Connectivity(code=notice.code, text=notice.text, is_data_lost=is_data_lost)
        self._events.emit(EventType.GATEWAY_CONNECTIVITY_RESTORED, news)

    def _note_farm(self, notice: Notice) -> None:
        """A gateway says "OK" again and again through the day: that is no news."""
        is_down = notice.news is News.FARM_DOWN
        if self._farms_down.get(notice.farm) != is_down:
            self._farms_down[notice.farm] = is_down
            event = EventType.FARM_DOWN if is_down else EventType.FARM_UP
            self._events.emit(event, Farm(name=notice.farm, code=notice.code, text=notice.text))
