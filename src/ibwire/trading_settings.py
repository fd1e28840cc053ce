"""What may be traded, and how orders are kept: the settings of section `trading`."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from ibwire import setting_rules as rules
from ibwire.setting_rules import Section, about


@dataclass(frozen=True, kw_only=True, repr=False)
class TradingSettings(Section):
    """What may be traded, and how orders are kept. Quantities and values are exact, times are seconds.

    Raises ConfigurationError naming every value that cannot work.
    """

    allow_live: bool = field(
        default=False,
        metadata=about(rules.yes_or_no(), "Whether orders for a live account (id not starting with D) are sent at all"),
    )
    account: str | None = field(
        default=None,
        metadata=about(
            rules.matching("[A-Z]{1,6}[0-9][A-Z0-9]{2,15}", "account ids such as DU1234567"),
            "The account that orders are for, where the login has several; never shown",
            is_secret=True,
        ),
    )
    max_order_quantity: Decimal | None = field(
        default=None, metadata=about(rules.positive(), "The largest quantity an order may have")
    )
    max_order_value: Decimal | None = field(
        default=None,
        metadata=about(rules.positive(), "The largest value an order may have, in the currency of its contract"),
    )
    read_only: bool = field(
        default=False,
        metadata=about(rules.yes_or_no(), "Whether no order and no change is sent at all; cancels are"),
    )
    max_open_orders: int | None = field(
        default=None,
        metadata=about(rules.whole_numbers(1, 1_000_000), "How many orders of ours may be open at once"),
    )
    max_orders_per_minute: int | None = field(
        default=None,
        metadata=about(rules.whole_numbers(1, 1_000_000), "How many orders may be placed in any minute"),
    )
    max_distance_percent: Decimal | None = field(
        default=None,
        metadata=about(
            rules.positive(), "How far a limit may be from the market, in percent; refused where none is known"
        ),
    )
    allowed_symbols: tuple[str, ...] = field(
        default=(),
        metadata=about(
            rules.each(rules.matching("[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}", "symbols such as AAPL")),
            "The symbols that may be traded, beside `allowed_con_ids`; none in both allows everything",
        ),
    )
    allowed_con_ids: tuple[str, ...] = field(
        default=(),
        metadata=about(
            rules.each(rules.matching("[1-9][0-9]{0,9}", "con_ids such as 265598")),
            "The contracts that may be traded, by their con_id, beside `allowed_symbols`",
        ),
    )
    duplicate_window_s: float | None = field(
        default=1.0,
        metadata=about(
            rules.seconds(), "For how long an order that is the same as one before is refused; none allows it at once"
        ),
    )
    ack_timeout_s: float = field(
        default=10.0,
        metadata=about(
            rules.seconds(), "How long the gateway may take to acknowledge an order; then it is asked about it"
        ),
    )
    journal_path: Path = field(
        default=Path("ibwire-journal.sqlite3"),
        metadata=about(rules.file_path(), "Where orders are recorded before they are sent"),
    )
