"""Every exception of ibwire, in one tree.

    IbwireError
    ├── ConfigurationError
    ├── LibraryMissing                  an optional library is not installed
    ├── ConnectionFailed                what went wrong with the link; see the subclass
    │   ├── ConnectionRefused           nothing listens there
    │   ├── HostUnreachable             there is no way to that host, or it has no address
    │   ├── ConnectTimeout              a stage of connecting did not answer in time
    │   ├── ConnectionLost              the link fell while something was under way
    │   ├── HandshakeFailed             something answered, but not as a gateway does
    │   ├── UnsupportedServerVersion    the gateway is older than server version 213
    │   ├── UnsupportedClientVersion    the gateway finds this client too old
    │   ├── ClientIdInUse               IBKR's 326
    │   └── NotConnected                nothing was sent: there is no session
    ├── ProtocolError                   bytes that no gateway (or client) may send; the connection is over
    ├── InvalidMessage                  a message of ours that cannot be put on the wire; nothing was sent
    ├── RequestError                    one request failed; the session goes on
    │   ├── RequestFailed               IBKR answered with an error code
    │   │   ├── NoSecurityDefinition    no such contract (IBKR's 200)
    │   │   ├── AmbiguousContract       several contracts match (200 with another text)
    │   │   ├── InvalidRequest          a field is missing, malformed or does not fit the others
    │   │   ├── NoPermission            the login or account may not have this
    │   │   │   └── NoMarketDataPermission  no subscription for this data
    │   │   ├── NoData                  the question was fine, there is nothing to answer it with
    │   │   ├── PacingViolation         asked too often
    │   │   ├── SubscriptionLimitReached  too many of a kind are open
    │   │   ├── DuplicateRequest        the id is in use, or one of its kind is still running
    │   │   ├── CompetingSession        another login of the same user has the data
    │   │   ├── SubscriptionEnded       the gateway ended a stream; it has to be asked for again
    │   │   ├── DataFarmDown            the gateway has no link to the farm that would answer
    │   │   ├── GatewayOffline          the gateway has no link to IBKR
    │   │   ├── ReadOnlyApi             the gateway's API is set to read-only
    │   │   └── ServerError             IBKR's side failed
    │   ├── NotReady                    read before the first download was complete
    │   ├── NotAllQualified             of several contracts, some could not be qualified
    │   ├── UnreadableAnswer            IBKR answered with what ibwire cannot read
    │   ├── RequestTimeout              no answer, or no end of it, in time
    │   └── RequestCancelled            it was cancelled before its answer was complete
    ├── OrderError                      something about one order; only the subclass says whether it lives
    │   ├── InvalidOrder                refused here, before anything was sent
    │   ├── OrderRejected               refused by IBKR or the venue; it does not work
    │   │   └── OrderRejectedReadOnly   because the API is read-only (a ReadOnlyApi too)
    │   ├── OrderCancelled              it was cancelled, by whomever
    │   ├── OrderChangeRefused          a modify or a cancel was refused; the order itself goes on as it was
    │   ├── OrderNotFound               the gateway knows no such order
    │   ├── DuplicateOrderId            IBKR's 103; nothing new was placed
    │   ├── OrderUnconfirmed            whether the order exists, or how it ended, is not known
    │   ├── OrderExpired                waited for the session in vain; nothing was sent
    │   ├── OrderOfAnotherClient        another client's, or the TWS user's; nothing was sent
    │   ├── OrderOfAnotherLogin         of an account that this login has not; nothing was sent
    │   ├── LiveTradingDisabled         a live account, and `allow_live` is not set; nothing was sent
    │   └── OrderLimitExceeded          a limit of ours was hit; nothing was sent
    ├── RateLimitError                  held back by our own limiter; nothing was sent
    │   ├── RateLimitQueueFull          too many wait already
    │   ├── RateLimitTimeout            its turn did not come in time
    │   └── RateLimitReached            as many as IBKR allows are open, and waiting does not help
    ├── JournalError                    the journal of orders cannot be used; nothing was sent
    │   ├── JournalLocked               another process has it
    │   ├── JournalCorrupt              it is damaged, incomplete or no journal at all
    │   └── JournalUnwritable           what must be recorded first could not be
    ├── RecordingFailed                 a recording that cannot be written on, or cannot be read
    └── StreamOverflow                  a consumer fell behind its stream's bound

Names say what happened and carry no suffix, except where the bare word would say nothing. Which of IBKR's codes becomes
which class is the business of `error_codes`. An exception that follows from another is raised `from` it.
"""

from __future__ import annotations


class IbwireError(Exception):
    """The root of everything ibwire raises on purpose.

    Attributes: `message` in plain words (IBKR's own text where there is one), `code` IBKR's error code or None,
    `request` what was asked, `retryable` whether the same call may succeed later, `hint` what a person can do.
    """

    retryable: bool = False
    hint: str = ""

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        request: str | None = None,
        retryable: bool | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.request = request
        if retryable is not None:
            self.retryable = retryable
        if hint is not None:
            self.hint = hint

    def __str__(self) -> str:
        parts = [self.message if self.code is None else f"[{self.code}] {self.message}"]
        if self.request:
            parts.append(f"request: {self.request}")
        if self.hint:
            parts.append(f"hint: {self.hint}")
        return "; ".join(parts)


class ConfigurationError(IbwireError, ValueError):
    """A setting has a value that cannot work."""

    hint = "correct the values that the message names"


class LibraryMissing(IbwireError, ImportError):
    """What was asked for needs a library that is not installed; the message names it."""

    hint = "install the library that the message names"


class ConnectionFailed(IbwireError):
    """The link to the gateway could not be made or kept."""

    retryable = True
    hint = "look whether TWS or IB Gateway runs, is logged in and allows API connections"


class ConnectionRefused(ConnectionFailed):
    """Nothing listens on that host and port."""

    hint = (
        "start TWS or IB Gateway and tick 'Enable ActiveX and Socket Clients' in its API settings; "
        "default ports: TWS 7496 live, 7497 paper; Gateway 4001 live, 4002 paper"
    )


class HostUnreachable(ConnectionFailed):
    """The host's name has no address, or no network leads there."""

    hint = "check the host's name and the network; a gateway on this machine is 127.0.0.1"


class ConnectTimeout(ConnectionFailed):
    """A stage of connecting (named in the message) did not answer in time."""

    hint = (
        "a gateway that waits for a login, or that asks on its screen whether to accept this client, "
        "accepts the connection and stays silent; look at its window and at 'Trusted IPs'"
    )


class ConnectionLost(ConnectionFailed):
    """The link fell while this was under way; whether the gateway acted on it is not known from here."""

    hint = "reconnect; look at open orders and executions before sending an order again"


class HandshakeFailed(ConnectionFailed):
    """Something answered on that port, but not the way a gateway does."""

    retryable = False
    hint = "check host and port: this looks like another program, or a connection that wants TLS"


class UnsupportedServerVersion(ConnectionFailed):
    """The gateway speaks an older version of the protocol than this client."""

    retryable = False
    hint = "update TWS or IB Gateway to 10.44 or later"


class UnsupportedClientVersion(ConnectionFailed):
    """The gateway finds the version of the protocol that this client speaks too old (codes 357, 10285)."""

    retryable = False
    hint = "update ibwire"


class ClientIdInUse(ConnectionFailed):
    """Another client is connected with this client id (IBKR's error 326), or a crashed one has not been noticed yet."""

    hint = "wait for the gateway to notice the old connection, or use another client id (orders belong to their id)"


class NotConnected(ConnectionFailed):
    """There is no session to send this on; nothing was sent."""

    hint = "connect first, or wait until the session is back"


class ProtocolError(IbwireError):
    """The other side sent bytes the protocol does not allow; the connection must be closed, not resynchronised.

    `message_id` is the id on the wire, if it was read, and `length` the frame's stated length in bytes.
    """

    hint = "reconnect; if it comes again, report it with the versions of the gateway and of ibwire"

    def __init__(self, message: str, *, message_id: int | None = None, length: int | None = None) -> None:
        super().__init__(message)
        self.message_id = message_id
        self.length = length


class InvalidMessage(IbwireError, ValueError):
    """A message holds a value that the wire cannot carry; nothing was sent. The text names the field and the value."""

    hint = "correct the field that the message names"


class RequestError(IbwireError):
    """One request failed; the session goes on."""

    hint = "the session goes on; correct the request as the message says"


class RequestFailed(RequestError):
    """IBKR refused the request or ended it with an error code (`code`, `message`)."""

    hint = "read IBKR's text; `ibwire explain` with the code says what is known about it"


class NoSecurityDefinition(RequestFailed):
    """IBKR knows no such contract, or it has expired (code 200)."""

    hint = "check symbol, security type, exchange and currency; con_id with exchange is unambiguous"


class AmbiguousContract(RequestFailed):
    """More than one contract matches where exactly one is needed (codes 200 and 203, or our own look-up: no `code`).

    Where they are known, `candidates` are the contracts and `deciding` the names of the fields that set them apart.
    """

    hint = "add what sets it apart: con_id, or primary_exch, currency, expiry, multiplier, trading class"
    candidates: tuple[object, ...] = ()
    deciding: tuple[str, ...] = ()


class InvalidRequest(RequestFailed, ValueError):
    """The request makes no sense as it stands: IBKR's validator says so, or ours (nothing sent, no `code`)."""

    hint = "correct the field that the text names; the same request will be refused again"


class NoPermission(RequestFailed):
    """The login, the account or this client may not have what was asked for."""

    hint = "look in IBKR's Client Portal under Settings for the permission or subscription that this needs"


class NoMarketDataPermission(NoPermission):
    """There is no subscription for this data, or it does not cover use through the API."""

    hint = (
        "subscribe to the data in IBKR's Client Portal (Settings, Market Data Subscriptions) and share it with the "
        "paper account, or ask for delayed data (market data type 3)"
    )


class NoData(RequestFailed):
    """The request was fine and there is nothing to answer it with."""

    hint = "check the period, the kind of data and the exchange: there may have been no trading"


class PacingViolation(RequestFailed):
    """IBKR refused this because too much was asked in too short a time."""

    retryable = True
    hint = "wait 15 s or more before asking again; let ibwire's rate limiter pace every client of this login"


class SubscriptionLimitReached(RequestFailed):
    """As many subscriptions of this kind as IBKR allows are open already."""

    retryable = True
    hint = "cancel one first; TWS's own watchlists and other API clients of the user count too"


class DuplicateRequest(RequestFailed):
    """The request's id is in use, or a request that may run only once is still running; that one goes on."""

    retryable = True
    hint = "wait for the one that runs or cancel it, and use a fresh id"


class CompetingSession(RequestFailed):
    """Another login of the same user, often on another machine, has the market data."""

    retryable = True
    hint = "log out of TWS, Gateway, the mobile app or the web elsewhere, or use a second user name for the API"


class SubscriptionEnded(RequestFailed):
    """The gateway's side of a stream is over and will not come back by itself."""

    retryable = True
    hint = "subscribe again and fetch what was missed"


class DataFarmDown(RequestFailed):
    """The gateway lost the farm of servers that answers this kind of request."""

    retryable = True
    hint = "wait: the gateway reconnects by itself; if it lasts, see IBKR's system status page"


class GatewayOffline(RequestFailed):
    """The gateway runs but has no link to IBKR's servers."""

    retryable = True
    hint = "wait: the gateway reconnects by itself; if it lasts, check its network and IBKR's system status page"


class ReadOnlyApi(RequestFailed):
    """The gateway's API is in read-only mode: it takes no orders and answers some account requests not at all."""

    hint = "untick 'Read-Only API' in TWS or Gateway: Global Configuration, API, Settings"


class ServerError(RequestFailed):
    """IBKR's side failed while working on the request."""

    retryable = True
    hint = "ask again later; if it stays, the text says what the server stumbled over"


class NotReady(RequestError):
    """Nothing whole is known yet; a part is not passed off as the whole."""

    retryable = True
    hint = "await ready() first: it asks for it and waits until it is complete"


class NotAllQualified(RequestError):
    """Of several contracts asked for together, some could not be qualified: `failures` are those, with the errors."""

    hint = "correct the contracts that the message names; those that were found are remembered"
    failures: tuple[tuple[object, IbwireError], ...] = ()


class UnreadableAnswer(RequestError):
    """IBKR answered, but a text in it has a form that ibwire does not know; the message names it."""

    hint = "report it with the message and the version of the gateway; nothing was guessed"


class RequestTimeout(RequestError):
    """The answer, or the end of it, did not come in time; what had come is not passed off as the whole: `so_far`."""

    retryable = True
    hint = "ask again, for less at a time or with a longer timeout"
    so_far: tuple[object, ...] = ()


class RequestCancelled(RequestError):
    """The request was cancelled, by its owner or with the session, before its answer was complete."""

    hint = "nothing is wrong; ask again if the answer is still wanted"


class OrderError(IbwireError):
    """Something about one order; by itself it does not say that the order has ended."""

    hint = "the order lives unless its status says otherwise"


class InvalidOrder(OrderError, ValueError):
    """The order makes no sense as it stands; nothing was sent."""

    hint = "correct the field that the message names"


class OrderRejected(OrderError):
    """IBKR or the venue refused the order; it does not work."""

    hint = "correct what the reason names; never send it again unchanged"


class OrderRejectedReadOnly(OrderRejected, ReadOnlyApi):
    """The order was refused because the gateway's API is in read-only mode."""

    hint = ReadOnlyApi.hint


class OrderCancelled(OrderError):
    """The order was cancelled: by us, at the gateway, or by IBKR (the reason stands in the text)."""

    hint = "read the reason; without one it confirms a cancel"


class OrderChangeRefused(OrderError):
    """A modify or a cancel was refused; the order itself works on as it was, or had ended before."""

    hint = "look at the order's status, then change it in a way that is allowed, or cancel it and place a new one"


class OrderNotFound(OrderError):
    """The gateway knows no order of this client under that id: never arrived, already gone, or another client's."""

    hint = "look for it in open orders, completed orders and executions before doing anything else"


class DuplicateOrderId(OrderError):
    """The order id was used before; nothing new was placed, and an older order under that id is untouched."""

    hint = "look whether the older order is this one; if not, take a fresh id from the gateway's next valid id"


class OrderUnconfirmed(OrderError):
    """Whether the order exists, or how it ended, is not known; sending it again could double it."""

    hint = "do not send it again; look it up by order_ref or perm_id in open orders, completed orders and executions"


class OrderExpired(OrderError):
    """The order waited for the session to be connected again for as long as it was allowed to; nothing was sent."""

    hint = "place it again if it is still wanted, with a longer `queue_while_down` if need be"


class OrderOfAnotherClient(OrderError):
    """The order belongs to another client, or to the TWS user, and IBKR lets only its owner change or cancel it."""

    hint = "connect with the client id that placed it, bind it (client id 0), or cancel everybody's orders together"


class OrderOfAnotherLogin(OrderError):
    """The journal's order is for an account that this login has not, so the gateway can neither tell of it nor act."""

    hint = "log in to the order's account to follow or cancel it, and use one journal (`journal_path`) for each login"


class LiveTradingDisabled(OrderError):
    """The account is a live one and live trading has not been allowed; nothing was sent."""

    hint = "use a paper account (its id starts with D), or set `allow_live` if real money is meant"


class OrderLimitExceeded(OrderError):
    """The order breaks a limit that was set on this side; nothing was sent."""

    hint = "make the order smaller, or raise the limit that the message names"


class RateLimitError(IbwireError):
    """Our own limiter, which keeps IBKR's pacing rules, held this back; nothing was sent."""

    retryable = True
    hint = "send less at a time, or wait longer"


class RateLimitQueueFull(RateLimitError):
    """As many messages as the limiter's queue may hold wait for their turn already."""

    hint = "wait until some have left, or raise the queue's size"


class RateLimitTimeout(RateLimitError):
    """The turn of this message did not come within its time."""

    hint = "allow more time, or ask for less at once"


class RateLimitReached(RateLimitError):
    """As many of these as IBKR allows are open; only giving one back helps, not waiting."""

    hint = "cancel one that is no longer needed"


class JournalError(IbwireError):
    """The journal, in which every order is recorded before it is sent, cannot be used; nothing was sent."""

    hint = "no order is sent without a journal; look at the file that the message names"


class JournalLocked(JournalError):
    """Another process uses the journal; two would not know of each other's orders."""

    hint = "end the process that the message names, or give this one a journal (and a client id) of its own"


class JournalCorrupt(JournalError):
    """The journal is damaged, lacks records that it had, or is none; it was left as it is."""

    hint = "look at it with `ibwire journal verify`; keep a copy, compare its orders with TWS, then begin a new one"


class JournalUnwritable(JournalError):
    """The record could not be written; where it is one of an order, that order was not sent."""

    retryable = True
    hint = "make room on the disk, or check who may write the journal's folder"


class RecordingFailed(IbwireError):
    """A recording cannot be written on, or cannot be read; what was on the disk before is still there."""

    hint = "mend what the message names, then start another recorder in the same folder: it goes on there"


class StreamOverflow(IbwireError):
    """The consumer of a stream fell behind its bound; the stream was ended rather than lose messages unseen."""

    hint = "take messages faster, raise the stream's bound, or ask for a conflated stream"
