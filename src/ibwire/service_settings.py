"""What `ibwire run` keeps up, and how it says how it is: the settings of section `service`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ibwire import setting_rules as rules
from ibwire.setting_rules import Section, about

STREAM_KINDS = ("quotes", "ticks", "depth", "bars")
"""Market data, trades one by one, ten rows of the order book, bars of five seconds."""


@dataclass(frozen=True, kw_only=True, repr=False)
class ServiceSettings(Section):
    """What `ibwire run` keeps up, and how it says how it is. Times are seconds.

    Raises ConfigurationError naming every value that cannot work.
    """

    watchlist: tuple[str, ...] = field(
        default=(),
        metadata=about(
            rules.each(rules.matching(r"\S([^\n]{0,198}\S)?", "contracts such as AAPL, EUR.USD, FUT:ES:CME:202612")),
            "The instruments whose streams are kept; a comma within one is written %2C",
        ),
    )
    streams: tuple[str, ...] = field(
        default=("quotes",),
        metadata=about(
            rules.each(rules.matching("|".join(STREAM_KINDS), ", ".join(STREAM_KINDS))),
            "Which streams of each instrument are kept",
        ),
    )
    record_dir: Path | None = field(
        default=None,
        metadata=about(
            rules.file_path(), "The folder in which they are recorded (needs pyarrow); none records nothing"
        ),
    )
    journal: bool = field(
        default=True,
        metadata=about(
            rules.yes_or_no(),
            "Whether the journal of orders is kept up to date, which one process can; no where another one trades",
        ),
    )
    health_interval_s: float = field(
        default=30.0, metadata=about(rules.seconds(), "How often it says how it is, if nothing changes")
    )
    health_file: Path | None = field(
        default=None,
        metadata=about(rules.file_path(), "A file that has the latest of this, for `ibwire run --is-healthy`"),
    )
