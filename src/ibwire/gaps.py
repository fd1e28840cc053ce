"""What a stream that outlives its link says between its messages: here data may be missing, here it goes on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class GapReason(StrEnum):
    """Why nothing comes, or nothing may have come."""

    LINK_LOST = "link_lost"  # the connection to the gateway fell
    OFFLINE = "offline"  # the gateway lost its link to IBKR (1100)
    DATA_LOST = "data_lost"  # it is back, and every subscription was gone (1101)
    FARM_DOWN = "farm_down"  # a farm of data servers is lost (2103, 2105), and nothing has come since
    COMPETING_SESSION = "competing_session"  # another login of the user has the data (10197)
    ENDED = "ended"  # the gateway ended the subscription (10182, 10225 …)
    STALE = "stale"  # silent for too long while others tick
    NOT_READY = "not_ready"  # IBKR is resetting the account (AccountReady is false): its numbers are not to be trusted
    INVALID = "invalid"  # what came cannot be (an operation that does not fit the book), so something was missed


class Gap(Struct, frozen=True):
    """From `since` (aware UTC) on, messages may be missing; `detail` is IBKR's text or ours."""

    since: datetime
    reason: GapReason
    detail: str = ""


class Resumed(Struct, frozen=True):
    """The gap is over: what follows is current again. `at` is aware UTC."""

    at: datetime
