"""Settings: frozen dataclasses with sensible defaults, checked when they are made, read from the environment.

One rule names every variable: `IBWIRE_<SECTION>_<FIELD>` in upper case, so that `settings.rate_limit.safety_margin`
is IBWIRE_RATE_LIMIT_SAFETY_MARGIN. There are no short forms. The environment goes before a `.env` file, the file
before the default; `docs/settings.md`, generated from this file, lists them all.

Knows the environment and the one file it is given; does no other I/O but looking up time zones. Changes nothing.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct

from ibwire import setting_rules as rules
from ibwire import setting_sources as sources
from ibwire.service_settings import ServiceSettings as ServiceSettings
from ibwire.setting_rules import DailyWindow, Relation, Section, about, problems_in, settings_of
from ibwire.setting_sources import Given
from ibwire.trading_settings import TradingSettings as TradingSettings

MAX_CLIENT_ID = 2**31 - 1
PREFIX = "IBWIRE_"
DEFAULT_ENV_FILE = Path(".env")
"""Relative to the working directory; the only file that may be missing."""

_PREFIX = re.compile(r"[A-Z][A-Z0-9_]*_")


def _last_is_not_below_the_first(values: Mapping[str, Any]) -> str | None:
    first, last = values["client_id"], values["last_client_id"]
    return None if last is None or last >= first else "numbers that are not below {client_id}"


@dataclass(frozen=True, kw_only=True, repr=False)
class ConnectionSettings(Section):
    """Where the gateway is and how long to wait for it. Times are seconds.

    Raises ConfigurationError naming every value that cannot work.
    """

    # Not "localhost" by default: that may resolve to ::1, where no gateway listens.
    host: str = field(default="127.0.0.1", metadata=about(rules.host(), "Where TWS or IB Gateway listens"))
    port: int = field(
        default=4002,
        metadata=about(
            rules.whole_numbers(1, 65535), "Its API port: TWS 7496 live, 7497 paper; Gateway 4001 live, 4002 paper"
        ),
    )
    client_id: int = field(
        default=1,
        metadata=about(
            rules.whole_numbers(0, MAX_CLIENT_ID),
            "This client's number; orders belong to it, one connection may use it",
        ),
    )
    last_client_id: int | None = field(
        default=None,
        metadata=about(
            rules.whole_numbers(0, MAX_CLIENT_ID),
            "If given, the first free number from client_id to this is taken: only for sessions that place no orders",
        ),
    )
    connect_timeout_s: float = field(
        default=10.0, metadata=about(rules.seconds(), "How long the TCP connection may take to come about")
    )
    handshake_timeout_s: float = field(
        default=10.0,
        metadata=about(
            rules.seconds(), "How long the gateway may take for its hello, and then for accounts and next order id"
        ),
    )
    request_timeout_s: float = field(
        default=60.0, metadata=about(rules.seconds(), "How long a request may wait for its whole answer")
    )
    stream_bound: int = field(
        default=65_536,
        metadata=about(rules.whole_numbers(1, 10**9), "How many messages a stream holds for a consumer that is behind"),
    )

    relations: ClassVar[tuple[Relation, ...]] = (
        Relation(setting="last_client_id", others=("client_id",), broken=_last_is_not_below_the_first),
    )


def _messages_per_second(market_data_lines: int, safety_margin: float) -> int:
    # In decimals: in floats, half of 100 lines less 90 % is 4.999….
    return max(1, math.floor(Decimal(market_data_lines) / 2 * (1 - Decimal(str(safety_margin)))))


def _reserve_is_below_the_limit(values: Mapping[str, Any]) -> str | None:
    limit = _messages_per_second(values["market_data_lines"], values["safety_margin"])
    if values["reserved_messages"] < limit:
        return None
    return f"0 to {limit - 1}, since {{market_data_lines}} and {{safety_margin}} allow {limit} a second"


@dataclass(frozen=True, kw_only=True, repr=False)
class RateLimitSettings(Section):
    """How fast messages may leave. IBKR's limit is half the market-data lines in messages a second.

    Raises ConfigurationError naming every value that cannot work.
    """

    market_data_lines: int = field(
        default=100,
        metadata=about(
            rules.whole_numbers(2, 1_000_000), "The account's market-data lines (Ctrl+Alt+= in TWS); half is the limit"
        ),
    )
    safety_margin: float = field(
        default=0.10, metadata=about(rules.share_below_one(), "The share of IBKR's limit that is left unused")
    )
    reserved_messages: int = field(
        default=5,
        metadata=about(
            rules.whole_numbers(0, 1_000_000),
            "How many of a second's messages only orders and cancels may use; below the limit that the two above give",
        ),
    )
    queue_size: int = field(
        default=10_000, metadata=about(rules.whole_numbers(1, 10_000_000), "How many messages may wait for their turn")
    )
    queue_timeout_s: float = field(
        default=60.0, metadata=about(rules.seconds(), "How long a message may wait for its turn")
    )
    shared_ledger: Path | None = field(
        default=None,
        metadata=about(rules.file_path(), "A file by which processes on one gateway login share one budget"),
    )

    relations: ClassVar[tuple[Relation, ...]] = (
        Relation(
            setting="reserved_messages",
            others=("market_data_lines", "safety_margin"),
            broken=_reserve_is_below_the_limit,
        ),
    )

    @property
    def messages_per_second(self) -> int:
        """How many messages may leave in any second: half the lines less the margin, rounded down, at least 1.

        Source: IBKR, "Pacing Limitations": the maximum is the market-data lines divided by two.
        """
        return _messages_per_second(self.market_data_lines, self.safety_margin)


def _first_is_not_above_the_longest(values: Mapping[str, Any]) -> str | None:
    first, longest = values["backoff_first_s"], values["backoff_max_s"]
    return None if first <= longest else "seconds above 0 that are not above {backoff_max_s}"


@dataclass(frozen=True, kw_only=True, repr=False)
class WatchdogSettings(Section):
    """When a connection counts as dead and how it is made again. Times are seconds.

    Raises ConfigurationError naming every value that cannot work.
    """

    idle_s: float = field(
        default=10.0, metadata=about(rules.seconds(), "After this long without a message from the gateway it is probed")
    )
    answer_s: float = field(
        default=5.0, metadata=about(rules.seconds(), "How long the answer to a probe may take; then the link is dead")
    )
    backoff_first_s: float = field(
        default=0.2, metadata=about(rules.seconds(), "The pause before the second attempt to connect")
    )
    backoff_max_s: float = field(
        default=30.0, metadata=about(rules.seconds(), "The longest pause between attempts to connect")
    )
    attempts: int | None = field(
        default=None,
        metadata=about(
            rules.whole_numbers(1, 1_000_000),
            "How often to try to connect before giving up, outside of restart windows; none is for ever",
        ),
    )
    stable_s: float = field(
        default=60.0, metadata=about(rules.seconds(), "A connection that lasted this long starts the pauses anew")
    )
    restart_windows: tuple[str, ...] = field(
        default=(),
        metadata=about(
            rules.each(rules.daily_window()), "When the gateway restarts each day: a lost link is expected then"
        ),
    )
    stale_stream_s: float = field(
        default=30.0, metadata=about(rules.seconds(), "A stream without data for this long is reported as stale")
    )

    waits_at_start: bool = field(
        default=False,
        metadata=about(
            rules.yes_or_no(), "Whether a gateway that is not there at the start is waited for, as after a loss"
        ),
    )
    down_after_s: float = field(
        default=60.0,
        metadata=about(rules.seconds(), "After this long without a link (and no restart planned) `on_down` is called"),
    )
    down_cooldown_s: float = field(
        default=300.0, metadata=about(rules.seconds(), "How long until it is called again if the link stays down")
    )
    clock_skew_s: float = field(
        default=2.0,
        metadata=about(rules.seconds(), "A difference between the gateway's clock and ours that is warned of"),
    )

    relations: ClassVar[tuple[Relation, ...]] = (
        Relation(setting="backoff_first_s", others=("backoff_max_s",), broken=_first_is_not_above_the_longest),
    )

    @property
    def windows(self) -> tuple[DailyWindow, ...]:
        """The restart windows, parsed."""
        return tuple(map(DailyWindow.parse, self.restart_windows))


@dataclass(frozen=True, kw_only=True, repr=False)
class ContractSettings(Section):
    """How long what IBKR said about contracts is believed, and where it is kept.

    Raises ConfigurationError naming every value that cannot work.
    """

    # None by default: con_ids of a simulated gateway must not meet those of a real one in a file nobody named.
    cache: Path | None = field(
        default=None,
        metadata=about(rules.file_path(), "A file that keeps answers between runs; none keeps them in memory only"),
    )
    con_id_days: int = field(
        default=30,
        metadata=about(rules.whole_numbers(1, 3650), "How long con_ids, which do not change, are believed"),
    )
    details_hours: int = field(
        default=12,
        metadata=about(rules.whole_numbers(1, 168), "How long details, trading hours and option chains are believed"),
    )
    market_rule_days: int = field(
        default=7,
        metadata=about(rules.whole_numbers(1, 3650), "How long the price increments of a market rule are believed"),
    )


class SettingValue(Struct, frozen=True, kw_only=True):
    """One effective setting, for people: dotted name, variable, value as text (a secret is masked) and source.

    `source` is "default", "environment", "file <path>", or "code" for what a program set itself.
    """

    name: str
    variable: str
    value: str
    source: str


class _Provenance(Struct, frozen=True):
    """Where values came from, by dotted name, each with the value that it was (it says nothing of another value)."""

    prefix: str = PREFIX
    sources: Mapping[str, tuple[str, object]] = {}


SECTIONS: Mapping[str, type[Section]] = {
    "connection": ConnectionSettings,
    "rate_limit": RateLimitSettings,
    "watchdog": WatchdogSettings,
    "trading": TradingSettings,
    "contracts": ContractSettings,
    "service": ServiceSettings,
}
"""The sections by the name that they have in Settings and in their variables."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of ibwire. Made in code, or by `from_env`; `dataclasses.replace` changes a section.

    Raises ConfigurationError if a section is not of its class.
    """

    connection: ConnectionSettings = field(default_factory=ConnectionSettings)
    rate_limit: RateLimitSettings = field(default_factory=RateLimitSettings)
    watchdog: WatchdogSettings = field(default_factory=WatchdogSettings)
    trading: TradingSettings = field(default_factory=TradingSettings)
    contracts: ContractSettings = field(default_factory=ContractSettings)
    service: ServiceSettings = field(default_factory=ServiceSettings)
    _provenance: _Provenance = field(default_factory=_Provenance, repr=False, compare=False)

    def __post_init__(self) -> None:
        wrong = [
            f"{name} is of type {type(getattr(self, name)).__name__}; allowed are {section.__name__}"
            for name, section in SECTIONS.items()
            if not isinstance(getattr(self, name), section)
        ]
        if wrong:
            raise rules.configuration_error(wrong)

    @classmethod
    def from_env(
        cls,
        environ: Mapping[str, str] = os.environ,
        prefix: str = PREFIX,
        env_file: Path | str | None = DEFAULT_ENV_FILE,
    ) -> Settings:
        """Read the settings from the environment and, behind it, from a `.env` file; neither is changed.

        Blanks around a value are ignored. `env_file` is UTF-8 and read as it stands, without filling in `${…}`; None
        reads none, and a file that is missing is only accepted for the default. `prefix` starts every name, in upper
        case with an underscore at its end.
        Raises one ConfigurationError for all values that cannot work, all names with the prefix that are no
        setting's, and a file that cannot be read, a line each: the variable, its value, what is allowed.
        """
        if not _PREFIX.fullmatch(prefix):
            raise rules.configuration_error(
                [f"prefix is {prefix!r}; allowed are upper-case letters, digits and _, with _ at the end"]
            )
        given: dict[str, Given] = {}
        problems: list[str] = []
        if env_file is not None:
            path = Path(env_file)
            given, problems = sources.read_file(path, prefix, may_be_missing=path == DEFAULT_ENV_FILE)
        given |= sources.read_environment(environ, prefix)
        sections: dict[str, Any] = {}
        origins: dict[str, tuple[str, object]] = {}
        for section_name, section in SECTIONS.items():
            variables = {name: variable_of(section_name, name, prefix) for name in settings_of(section)}
            texts = {name: given.pop(variable) for name, variable in variables.items() if variable in given}
            values, faults = sources.parse(section, texts)
            faults = sorted(
                (*faults, *problems_in(section, values)), key=lambda one: list(variables).index(one.setting.name)
            )
            problems += [sources.in_environment(fault, variables, texts) for fault in faults]
            sections[section_name] = values
            origins |= {f"{section_name}.{name}": (texts[name].source, values[name]) for name in values.keys() & texts}
        problems += [sources.unknown(name, one, variables_of(prefix)) for name, one in sorted(given.items())]
        if problems:
            raise rules.configuration_error(problems)
        made = {name: section(**sections[name]) for name, section in SECTIONS.items()}
        return cls(**made, _provenance=_Provenance(prefix, origins))  # type: ignore[arg-type]  # by SECTIONS

    def describe(self) -> tuple[SettingValue, ...]:
        """Every setting with its value as text and where that came from; secrets are masked."""
        prefix = self._provenance.prefix
        return tuple(
            SettingValue(
                name=f"{section_name}.{name}",
                variable=variable_of(section_name, name, prefix),
                value=info.text(value),
                source=self._source(f"{section_name}.{name}", value, info.default),
            )
            for section_name, section in SECTIONS.items()
            for name, info in settings_of(section).items()
            for value in [getattr(getattr(self, section_name), name)]
        )

    def sources(self) -> dict[str, str]:
        """Where each setting came from, by its dotted name."""
        return {one.name: one.source for one in self.describe()}

    def _source(self, name: str, value: object, default: object) -> str:
        if name in self._provenance.sources:
            source, original = self._provenance.sources[name]
            if original == value:
                return source
        return "default" if value == default else "code"


def variable_of(section_name: str, name: str, prefix: str = PREFIX) -> str:
    """The environment variable of a setting: the one rule there is."""
    return f"{prefix}{section_name}_{name}".upper()


def variables_of(prefix: str = PREFIX) -> dict[str, str]:
    """The variable of every setting, by its dotted name."""
    return {
        f"{section_name}.{name}": variable_of(section_name, name, prefix)
        for section_name, section in SECTIONS.items()
        for name in settings_of(section)
    }
