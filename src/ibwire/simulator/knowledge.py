"""What an answer depends on besides its request, and the errors that an answer may be.

Source: protocol notes 1.9 and 3.24.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from ibwire.simulator.catalogue import Catalogue
from ibwire.wire import Message
from ibwire.wire import messages as m

NO_ID = -1
"""The id of an error that belongs to no request."""

# The token in quotes is an obfuscated class name that differs by build (protocol notes, 1.11).
VALIDATING = "Error validating request.-'bW' : cause - "
PROCESSING = "Error processing request.-'bT' : cause - "


class Knowledge(Struct, frozen=True):
    """What answers depend on besides the request; `catalogue` is what there is today.

    `is_read_only` and `rejects_above_rate` are what the gateway is set to, as its settings tell it.
    """

    accounts: tuple[str, ...]
    catalogue: Catalogue
    now_ms: int
    socket_port: int = 4002
    is_read_only: bool = False
    rejects_above_rate: bool = False

    @property
    def today(self) -> date:
        """The date in UTC."""
        return self.catalogue.today


def id_of(value: int | None) -> int:
    """A request or order id as it is answered: never left out."""
    return NO_ID if value is None else value


def error(id_: int | None, code: int, text: str, knowledge: Knowledge) -> list[Message]:
    """One of IBKR's errors as the whole answer."""
    return [m.ErrorMessage(id=id_of(id_), error_time=knowledge.now_ms, error_code=code, error_msg=text)]
