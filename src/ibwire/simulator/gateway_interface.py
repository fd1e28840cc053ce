"""What a client's session needs of the gateway it belongs to."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Protocol

from ibwire.simulator.chronicle import Chronicle
from ibwire.simulator.farms import Notice
from ibwire.simulator.history_desk import Gateway as HistoryGateway
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.order_desk import OrderDesk
from ibwire.simulator.outbox import LinkConditions
from ibwire.wire import Message

if TYPE_CHECKING:
    from ibwire.simulator.session import ClientSession


class Gateway(HistoryGateway, Protocol):
    """What a session needs of the gateway it belongs to."""

    port: int
    accounts: tuple[str, ...]
    min_version: int
    max_version: int
    desk: OrderDesk
    ledger: Ledger
    chronicle: Chronicle
    link: LinkConditions
    is_read_only: bool
    sends_notices_first: bool
    answers_hellos: bool

    def today(self) -> date:
        """The date in UTC."""

    def local_time(self) -> str:
        """The time as the hello gives it."""

    def session_of(self, client_id: int) -> ClientSession | None:
        """The connection that has this client id, if any."""

    def refuses_client_id(self) -> bool:
        """Whether the client that starts now is to be told that its id is in use."""

    def farm_notices(self) -> list[Notice]:
        """What is to be said of the farms to a client that starts now."""

    def asked(self, request: Message) -> None:
        """A client asks for something: wakes the farm that it needs."""

    def joined(self, session: ClientSession) -> bool:
        """A client has connected; False if there are too many."""

    def left(self, session: ClientSession) -> None:
        """A client is gone."""
