"""What a setting may be: kinds (text to value and back), rules (which values work), sections that check themselves.

Knows nothing of ibwire's own settings, of the environment or of files.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, get_args, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct
from msgspec.structs import replace

from ibwire.exceptions import ConfigurationError

MASK = "***"
"""Stands for every secret value, whatever its length."""

MAX_SECONDS = 86_400
"""No wait of ours is longer than a day; a larger number is a mistake, such as milliseconds."""

_LONGEST_SHOWN = 80
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_ADDRESS = re.compile(r"[0-9.]*|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]+)?")  # no name looks like these
_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9]) ([A-Za-z0-9_+/-]+)")
_HOST_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


class Kind(Struct, frozen=True, kw_only=True):
    """A type that settings have: its names, whether a value is one, and how text becomes one and back.

    `parse` takes text without blanks around it, and raises ValueError or ArithmeticError if it is not of this kind.
    """

    python: str
    text: str
    fits: Callable[[object], bool]
    parse: Callable[[str], object]
    format: Callable[[Any], str] = str
    is_optional: bool = False


class Rule(Struct, frozen=True):
    """Which values of its kind a setting may have: in words that follow "allowed are", and as a test."""

    allowed: str
    holds: Callable[[Any], bool]


class SettingField(Struct, frozen=True, kw_only=True):
    """Everything known about one setting but its value. `allowed` is in words."""

    name: str
    kind: Kind
    rule: Rule
    default: object
    meaning: str
    is_secret: bool

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        return f"{self.rule.allowed}, or none" if self.kind.is_optional else self.rule.allowed

    def text(self, value: object) -> str:
        """The value as it is written in the environment; a secret that is set is masked."""
        return MASK if self.is_secret and value is not None else self.kind.format(value)

    def shown(self, value: object) -> str:
        """The value as Python shows it, for messages; a secret that is set is masked, a long one cut."""
        if self.is_secret and value is not None:
            return MASK
        if value == "":
            return "empty"
        if isinstance(value, int) and value.bit_length() > _LONGEST_SHOWN:
            return f"an int of {value.bit_length()} bits"  # Python refuses to write the largest out
        return cut(str(value) if isinstance(value, Decimal | Path) else repr(value))


class Relation(Struct, frozen=True, kw_only=True):
    """A rule about several settings of a section.

    `broken` gets their values by name; it returns None, or what is allowed for `setting`, with the name of another
    setting in braces where that one's name and value belong.
    """

    setting: str
    others: tuple[str, ...]
    broken: Callable[[Mapping[str, Any]], str | None]


class Problem(Struct, frozen=True, kw_only=True):
    """A setting that cannot work: which, its value's type if that is the fault, and what is allowed.

    `others` are the settings named in braces in `allowed`.
    """

    setting: SettingField
    value: object
    allowed: str
    wrong_type: str = ""
    others: tuple[tuple[SettingField, object], ...] = ()

    def __repr__(self) -> str:
        return f"Problem({self.setting.name}: {self.allowed})"  # no values: they may be secret

    def allowed_with(self, others: Mapping[str, str]) -> str:
        """What is allowed, with these words for the other settings that it names."""
        return self.allowed.format_map(others) if others else self.allowed


class Section:
    """The base of a group of settings: a frozen dataclass that is checked when it is made and hides its secrets.

    Every field has a default, and metadata made with `about`.
    Raises ConfigurationError naming every value that cannot work.
    """

    relations: ClassVar[tuple[Relation, ...]] = ()

    def __post_init__(self) -> None:
        problems = problems_in(type(self), {name: getattr(self, name) for name in settings_of(type(self))})
        if problems:
            raise configuration_error([_in_code(problem) for problem in problems])

    def __repr__(self) -> str:
        values = ((name, getattr(self, name), info) for name, info in settings_of(type(self)).items())
        shown = (
            f"{name}={MASK if info.is_secret and value is not None else repr(value)}" for name, value, info in values
        )
        return f"{type(self).__name__}({', '.join(shown)})"


def about(rule: Rule, meaning: str, *, is_secret: bool = False) -> Mapping[str, object]:
    """The metadata of a Section's field: which values work, and what it is for, in a sentence without a full stop."""
    return {"rule": rule, "meaning": meaning, "is_secret": is_secret}


def settings_of(section: type[Section]) -> dict[str, SettingField]:
    """The settings of a section by name, in the order they were written. Raises TypeError for one without a kind."""
    hints = get_type_hints(section)
    declared: tuple[Field[Any], ...] = fields(section)  # type: ignore[arg-type]  # its subclasses are dataclasses
    return {
        one.name: SettingField(name=one.name, kind=kind_of(hints[one.name]), default=one.default, **one.metadata)
        for one in declared
    }


def problems_in(section: type[Section], values: Mapping[str, object]) -> list[Problem]:
    """What is wrong with a section's values; settings whose value is missing are passed over."""
    known, problems = settings_of(section), []
    for name, value in values.items():
        info = known[name]
        if not info.kind.fits(value):
            wrong_type = type(value).__name__
            problems.append(Problem(setting=info, value=value, allowed=info.allowed, wrong_type=wrong_type))
        elif value is not None and not info.rule.holds(value):
            problems.append(Problem(setting=info, value=value, allowed=info.allowed))
    sound = values.keys() - {problem.setting.name for problem in problems}
    for relation in section.relations:
        if sound >= {relation.setting, *relation.others} and (allowed := relation.broken(values)) is not None:
            info, others = known[relation.setting], tuple((known[name], values[name]) for name in relation.others)
            problems.append(Problem(setting=info, value=values[info.name], allowed=allowed, others=others))
    return problems


def _in_code(problem: Problem) -> str:
    """The problem for someone who made the section in Python."""
    info = problem.setting
    fault = f" ({problem.wrong_type}), not {info.kind.python}" if problem.wrong_type else ""
    allowed = problem.allowed_with({one.name: f"{one.name} {one.shown(value)}" for one, value in problem.others})
    return f"{info.name} is {info.shown(problem.value)}{fault}; allowed are {allowed}"


def configuration_error(problems: list[str]) -> ConfigurationError:
    """One error for all of them, a line each."""
    if len(problems) == 1:
        return ConfigurationError(problems[0])
    return ConfigurationError("\n  ".join((f"{len(problems)} problems with the settings:", *problems)))


def cut(text: str) -> str:
    """The text, shortened if it is too long for a message."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}… ({len(text)} characters)"


class DailyWindow(Struct, frozen=True, kw_only=True):
    """A stretch of each day by the wall clock of one time zone; it may span midnight. `end` is not part of it."""

    start: time
    end: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str) -> DailyWindow:
        """Read "HH:MM-HH:MM TZ", TZ a name such as America/New_York. Raises ValueError if it is not one."""
        match = _WINDOW.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not HH:MM-HH:MM TZ")
        start, end = (time(int(match[i]), int(match[i + 1])) for i in (1, 3))
        if start == end:
            raise ValueError(f"{text!r} is empty")
        try:
            return cls(start=start, end=end, zone=ZoneInfo(match[5]))
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the database, such as "America"
            raise ValueError(f"there is no time zone {match[5]!r}") from None

    def contains(self, moment: datetime) -> bool:
        """Whether an aware time is within the window."""
        now = moment.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end


# Kinds


def kind_of(hint: object) -> Kind:
    """The kind of a field annotated like this. Raises TypeError if there is none."""
    alternatives = [one for one in get_args(hint) if one is not type(None)]
    if type(None) in get_args(hint) and len(alternatives) == 1:
        return _optional(kind_of(alternatives[0]))
    try:
        return _KINDS[hint]
    except KeyError:
        raise TypeError(f"no setting can be a {hint}") from None


def _parse_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError
    return int(text)


def _parse_number(text: str) -> float:
    if not _NUMBER.fullmatch(text):  # float() would also take "nan", "inf" and "1_0"
        raise ValueError
    return float(text)


def _parse_decimal(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return Decimal(text)


def _parse_word(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise ValueError
    return _WORDS[text.lower()]


def _is_none(text: str) -> bool:
    return text.lower() in ("", "none")


def _parse_list(text: str) -> tuple[str, ...]:
    return () if _is_none(text) else tuple(part.strip() for part in text.split(","))


def _optional(kind: Kind) -> Kind:
    return replace(
        kind,
        fits=lambda value: value is None or kind.fits(value),
        parse=lambda text: None if _is_none(text) else kind.parse(text),
        format=lambda value: "none" if value is None else kind.format(value),
        is_optional=True,
    )


def _is(*types: type) -> Callable[[object], bool]:
    """Whether a value is of these types; a bool is not taken for an int."""
    return lambda value: isinstance(value, types) and (bool in types or not isinstance(value, bool))


_KINDS: Mapping[object, Kind] = {
    bool: Kind(
        python="a bool", text="a yes or no", fits=_is(bool), parse=_parse_word, format=lambda value: str(value).lower()
    ),
    int: Kind(python="an int", text="a whole number", fits=_is(int), parse=_parse_integer),
    float: Kind(
        python="a float",
        text="a number",
        fits=_is(float, int),
        parse=_parse_number,
        format=lambda value: repr(value).removesuffix(".0"),
    ),
    Decimal: Kind(python="a Decimal", text="a number", fits=_is(Decimal), parse=_parse_decimal),
    str: Kind(python="a str", text="a text", fits=_is(str), parse=str),
    Path: Kind(python="a Path", text="a path", fits=_is(Path), parse=Path),
    tuple[str, ...]: Kind(
        python="a tuple of str",
        text="a list",
        fits=lambda value: isinstance(value, tuple) and all(isinstance(part, str) for part in value),
        parse=_parse_list,
        format=lambda value: ", ".join(value) or "none",
    ),
}


# Rules


def whole_numbers(low: int, high: int) -> Rule:
    """Both ends included."""
    return Rule(f"{low} to {high}", lambda value: low <= value <= high)


def seconds() -> Rule:
    """A time to wait."""
    return Rule(f"seconds above 0, up to {MAX_SECONDS}", lambda value: 0 < value <= MAX_SECONDS)


def share_below_one() -> Rule:
    """A part of a whole that leaves something."""
    return Rule("0 and more, below 1", lambda value: 0 <= value < 1)


def positive() -> Rule:
    """An exact number above zero."""
    return Rule("numbers above 0", lambda value: value.is_finite() and value > 0)


def yes_or_no() -> Rule:
    """A switch; the words are those that the environment may use."""
    return Rule("true and false (also yes and no, on and off, 1 and 0)", lambda _: True)


def host() -> Rule:
    """A name or address without a port."""
    return Rule("host names and IP addresses, without a port", _is_host)


def file_path() -> Rule:
    """A file that need not exist."""
    return Rule("paths of files, with neither ~ nor blanks at their ends", _is_file_path)


def matching(pattern: str, allowed: str) -> Rule:
    """Text that the pattern matches whole."""
    compiled = re.compile(pattern)
    return Rule(allowed, lambda value: compiled.fullmatch(value) is not None)


def daily_window() -> Rule:
    """Text that `DailyWindow.parse` takes."""
    return Rule("times like 23:45-00:15 America/New_York", _is_daily_window)


def each(rule: Rule) -> Rule:
    """A list, maybe empty, in which each part obeys the rule."""
    return Rule(f"{rule.allowed}, separated by commas, or none", lambda value: all(map(rule.holds, value)))


def _is_host(value: str) -> bool:
    if _ADDRESS.fullmatch(value):
        try:
            ipaddress.ip_address(value)
        except ValueError:
            return False
        return True
    return len(value) <= 253 and all(map(_HOST_LABEL.fullmatch, value.removesuffix(".").split(".")))


def _is_file_path(value: Path) -> bool:
    """Refuses "~", which only a shell expands, and what would not survive being written into the environment."""
    text = str(value)
    is_plain = text.isprintable() and text == text.strip() and not _is_none(text) and not text.startswith("~")
    return is_plain and value.name not in ("", "..")


def _is_daily_window(value: str) -> bool:
    try:
        DailyWindow.parse(value)
    except ValueError:
        return False
    return True
