"""`ibwire explain CODE [TEXT]`: what one of IBKR's error codes means and what to do about it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from ibwire.cli.frame import show
from ibwire.cli.options import AsJson
from ibwire.error_codes import ERROR_TABLE, Action, ErrorRule, ErrorTable, OrderVerdict, unknown_rule

_ACTIONS = {
    Action.CONFIRM_CANCEL: "the order has been cancelled",
    Action.FAIL_REQUEST: "the request fails",
    Action.IGNORE: "nothing",
    Action.KEEP_ORDER: "the order lives on",
    Action.LOG: "it is noted; what it names goes on",
    Action.RECONCILE: "ask the gateway how its orders stand before anything else",
    Action.RECONNECT: "the connection is over: connect again",
    Action.RECONNECT_NEW_CLIENT_ID: "the connection is over: connect with another client id, or wait for this one",
    Action.REJECT_ORDER: "a new order is rejected; of a working one the last change",
    Action.RESUBSCRIBE: "the gateway's side of the stream is over: subscribe again",
    Action.SLOW_DOWN: "send less, then ask again",
    Action.STOP: "it will fail again until someone changes something",
    Action.WAIT: "wait until the reason has gone",
}
_REQUEST = {True: "ends", False: "goes on"}
_ORDER = {
    OrderVerdict.KEEP: "stays as it is",
    OrderVerdict.RECONCILE: "has to be looked up",
    OrderVerdict.REJECTED: "is rejected",
    OrderVerdict.CANCELLED: "is cancelled",
}


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """What a code means if IBKR's text contains `text_contains`."""

    text_contains: str
    category: str
    action: str
    meaning: str
    hint: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a code; `variants` are its other meanings, by text, if no text decided between them."""

    code: int
    text: str
    is_known: bool
    scope: str
    category: str
    action: str
    meaning: str
    hint: str
    exception: str
    is_retryable: bool
    ends_request: bool
    ends_stream: bool
    new_order: OrderVerdict
    working_order: OrderVerdict
    sources: str
    variants: tuple[Variant, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data that JSON can hold."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    def lines(self) -> list[tuple[str, str]]:
        """Label and text of what a person reads, in order."""
        orders = f"a new order {_ORDER[self.new_order]}, a working one {_ORDER[self.working_order]}"
        requests = f"a request {_REQUEST[self.ends_request]}, a stream {_REQUEST[self.ends_stream]}"
        code = f"{self.code}" if self.is_known else f"{self.code} (unknown: not in the table)"
        return [
            ("code", code),
            ("meaning", self.meaning),
            ("class", f"{self.category} ({self.scope})"),
            ("action", f"{self.action}: {_ACTIONS[Action(self.action)]}"),
            ("hint", self.hint),
            ("effect", f"{requests}; {orders}"),
            ("raises", f"{self.exception}, {'may work later' if self.is_retryable else 'not to be retried as it is'}"),
            *(
                (f"with '{one.text_contains}'", f"{one.meaning} ({one.category}, {one.action})")
                for one in self.variants
            ),
        ]

    def plain(self) -> str:
        """The explanation as one line a topic, for a pipe or a log."""
        return "\n".join(f"{label}: {text}" for label, text in self.lines())

    def table(self) -> Table:
        """The explanation as a table for a terminal."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for label, text in self.lines():
            grid.add_row(label, text)
        return grid


def explain(
    code: Annotated[int, typer.Argument(help="IBKR's error code.")],
    text: Annotated[str, typer.Argument(help="The text that came with it: some codes mean several things.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Say what one of IBKR's error codes means, and what to do about it. Exits with 1 for a code that is not known.

    Example: ibwire explain 10197
    """
    explanation = explanation_of(code, text)
    show(explanation.as_dict(), explanation.table(), explanation.plain(), as_json=as_json)
    raise typer.Exit(0 if explanation.is_known else 1)


def explanation_of(code: int, text: str = "", *, table: ErrorTable = ERROR_TABLE) -> Explanation:
    """What `table` knows about a code; `text` is IBKR's text that came with it, if it is at hand. Logs nothing."""
    found = table.find(code, text)
    rule = found or unknown_rule(code)
    judge = table if found else ErrorTable((rule,))
    return Explanation(
        code=code,
        text=text,
        is_known=found is not None,
        scope=rule.scope,
        category=rule.category,
        action=rule.action,
        meaning=rule.meaning,
        hint=rule.advice,
        exception=rule.exception_class.__name__,
        is_retryable=rule.is_retryable,
        ends_request=judge.ends_request(code, text),
        ends_stream=judge.ends_request(code, text, is_stream=True),
        new_order=judge.order_verdict(code, text, is_working=False),
        working_order=judge.order_verdict(code, text, is_working=True),
        sources=rule.sources,
        variants=() if text else tuple(_variant(other) for other in table.rules_of(code) if other.text_contains),
    )


def _variant(rule: ErrorRule) -> Variant:
    return Variant(
        text_contains=rule.text_contains,
        category=rule.category,
        action=rule.action,
        meaning=rule.meaning,
        hint=rule.advice,
    )
