"""Where the text of settings comes from: the environment and a `.env` file, with each text's origin for messages.

Knows nothing of ibwire's own settings, and changes neither environment nor file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from ibwire.setting_rules import MASK, Problem, Section, SettingField, cut, settings_of

NOT_SETTINGS = frozenset({"CAMPAIGN", "CAMPAIGN_SCALE", "CAMPAIGN_SEED"})
"""What follows the prefix in variables of ibwire's own tests: no settings, and no mistakes either."""

_LINE_END = re.compile(r"\r\n|\n|\r")


class Given(Struct, frozen=True):
    """What a variable was set to, and where: in the environment, or on a line of a file."""

    text: str
    path: str = ""
    line: int = 0

    def __repr__(self) -> str:
        return f"Given({self.source}{self.where})"  # not the text: it may be secret

    @property
    def source(self) -> str:
        """The origin as the settings' description names it."""
        return f"file {self.path}" if self.path else "environment"

    @property
    def where(self) -> str:
        """The origin as a message names it after the value; nothing for the environment."""
        return f" ({self.path} line {self.line})" if self.path else ""


def _is_ours(name: str, prefix: str) -> bool:
    """Whether a variable is meant for us, be it in the wrong case."""
    upper = name.upper()
    return upper.startswith(prefix) and upper[len(prefix) :] not in NOT_SETTINGS


def read_environment(environ: Mapping[str, str], prefix: str) -> dict[str, Given]:
    """The variables that are ours."""
    return {name: Given(text) for name, text in environ.items() if _is_ours(name, prefix)}


def read_file(path: Path, prefix: str, *, may_be_missing: bool) -> tuple[dict[str, Given], list[str]]:
    """The variables of a `.env` file that are ours, and what is wrong with the file. Shows no line: it may be secret.

    By python-dotenv's parser rather than its `dotenv_values`, which drops a line it cannot read and, of two lines for
    one name, the first.
    """
    shown = str(path.absolute())
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return {}, [] if may_be_missing else [f"{shown}: there is no such file"]
    except OSError as error:
        return {}, [f"{shown}: cannot be read: {error.strerror}"]
    except UnicodeDecodeError:
        return {}, [f"{shown}: is not UTF-8 text"]
    if "\0" in text:  # UTF-16 without its mark is valid UTF-8 with every second character this
        return {}, [f"{shown}: is not UTF-8 text"]
    from dotenv.parser import parse_stream  # where there is no file it is not needed

    given: dict[str, Given] = {}
    problems = []
    for binding in parse_stream(io.StringIO(text)):
        original = binding.original.string
        blank = original[: len(original) - len(original.lstrip())]  # of lines that the parser counts to this one
        name, line = binding.key or "", binding.original.line + len(_LINE_END.findall(blank))
        if binding.error:
            problems.append(f"{shown} line {line}: is not NAME=value")
        elif not _is_ours(name, prefix):
            continue
        elif binding.value is None:
            problems.append(f"{_shown_name(name)} ({shown} line {line}): has no value; allowed are lines NAME=value")
        elif name in given:
            problems.append(f"{_shown_name(name)} ({shown} lines {given[name].line} and {line}): is set twice")
        else:
            given[name] = Given(binding.value, shown, line)
    return given, problems


def parse(section: type[Section], texts: Mapping[str, Given]) -> tuple[dict[str, object], list[Problem]]:
    """The values of a section's settings, defaults included, and the problems of those that are missing from them."""
    values: dict[str, object] = {}
    problems = []
    for name, info in settings_of(section).items():
        try:
            values[name] = info.kind.parse(texts[name].text.strip()) if name in texts else info.default
        except (ValueError, ArithmeticError):
            problems.append(Problem(setting=info, value=None, allowed=info.allowed, wrong_type="str"))
    return values, problems


def in_environment(problem: Problem, variables: Mapping[str, str], texts: Mapping[str, Given]) -> str:
    """The problem for someone who set variables."""

    def shown(info: SettingField, value: object) -> str:
        if info.name not in texts:
            return f"{variables[info.name]}={info.text(value)!r} (the default)"
        text = MASK if info.is_secret else cut(repr(texts[info.name].text))
        return f"{variables[info.name]}={text}{texts[info.name].where}"

    info = problem.setting
    fault = f"not {info.kind.text}; " if problem.wrong_type else ""
    allowed = problem.allowed_with({one.name: shown(one, value) for one, value in problem.others})
    return f"{shown(info, problem.value)}: {fault}allowed are {allowed}"


def unknown(name: str, given: Given, variables: Mapping[str, str]) -> str:
    """A name that is no setting's, with the nearest that is; `variables` are all there are, by dotted name.

    The value is masked: the setting that was meant may be a secret.
    """
    import difflib  # for mistakes only

    upper = name.upper()
    # IBWIRE_PORT means IBWIRE_CONNECTION_PORT, though IBWIRE_RATE_LIMIT_… may look more alike.
    same_ending = [one for dotted, one in variables.items() if upper.endswith("_" + dotted.partition(".")[2].upper())]
    (nearest,) = difflib.get_close_matches(upper[:100], same_ending or variables.values(), n=1, cutoff=0.0)
    return f"{_shown_name(name)}={MASK}{given.where}: is no setting; the nearest is {nearest}"


def _shown_name(name: str) -> str:
    return cut(name if name.isprintable() else repr(name))
