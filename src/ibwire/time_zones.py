"""The time zones that gateways name, in the many ways in which they name them.

A zone comes as an id of the zone database (`US/Eastern`), as Java's short id with or without its long name
(`EST (Eastern Standard Time)`), or as the long name alone (`Central European Standard Time`), which is how a gateway's
host calls its own zone (protocol notes, 3.25). Knows names; asks nobody for the time.
"""

from __future__ import annotations

import re
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ibwire.exceptions import UnreadableAnswer

# Short ids mean the place, with its summer time: IBKR says "EST" of New York in July as well, while the zone database
# has an "EST" that is five hours behind UTC all year. Ids that the database keeps for old times' sake (US/Eastern,
# MET) stand here too, because some systems install it without them.
ALIASES: dict[str, tuple[str, ...]] = {
    "America/New_York": ("US/Eastern", "EST5EDT", "EST", "EDT", "Eastern Standard Time", "Eastern Daylight Time"),
    "America/Chicago": ("US/Central", "CST6CDT", "CST", "CDT", "Central Standard Time", "Central Daylight Time"),
    "America/Denver": ("US/Mountain", "MST7MDT", "MST", "MDT", "Mountain Standard Time", "Mountain Daylight Time"),
    "America/Los_Angeles": ("US/Pacific", "PST8PDT", "PST", "PDT", "Pacific Standard Time", "Pacific Daylight Time"),
    "America/Anchorage": ("US/Alaska", "AST", "Alaska Standard Time", "Alaska Daylight Time"),
    "Pacific/Honolulu": ("US/Hawaii", "HST", "Hawaii Standard Time", "Hawaii-Aleutian Standard Time"),
    "America/Toronto": ("Canada/Eastern",),
    "America/Sao_Paulo": ("BET", "Brasilia Standard Time", "Brasilia Time"),
    "America/Mexico_City": ("Mexico/General",),
    # Java's name for London's winter, and IBKR's for London all year; plain "GMT" is the zone database's.
    "Europe/London": ("GB", "GB-Eire", "BST", "British Summer Time", "Greenwich Mean Time", "GMT Standard Time"),
    "Europe/Dublin": ("Eire", "Irish Standard Time"),
    "Europe/Lisbon": ("Portugal", "WET", "Western European Time", "Western European Standard Time"),
    "Europe/Berlin": (
        *("MET", "MEZ", "CET", "CEST", "ECT", "Middle Europe Time", "Middle European Time", "Central European Time"),
        *("Central European Standard Time", "Central European Summer Time", "W. Europe Standard Time"),
        *("Romance Standard Time", "Central Europe Standard Time"),
    ),
    "Europe/Helsinki": (
        *("EET", "EEST", "Eastern European Time", "Eastern European Standard Time", "Eastern European Summer Time"),
        "FLE Standard Time",
    ),
    "Europe/Istanbul": ("Turkey", "Turkey Time", "Turkey Standard Time"),
    "Europe/Moscow": ("W-SU", "MSK", "Moscow Standard Time", "Russian Standard Time"),
    "Europe/Warsaw": ("Poland",),
    "Africa/Johannesburg": ("South Africa Standard Time", "South African Standard Time"),
    "Asia/Jerusalem": ("Israel", "Israel Standard Time", "Israel Daylight Time"),
    "Asia/Dubai": ("Gulf Standard Time",),
    "Asia/Kolkata": ("Asia/Calcutta", "India Standard Time"),
    "Asia/Singapore": ("Singapore", "SGT", "Singapore Standard Time", "Singapore Time"),
    "Asia/Hong_Kong": ("Hongkong", "HKT", "Hong Kong Standard Time", "Hong Kong Time"),
    "Asia/Shanghai": ("PRC", "CTT", "China Standard Time"),
    "Asia/Taipei": ("ROC", "Taipei Standard Time", "Taipei Time"),
    "Asia/Seoul": ("ROK", "KST", "Korean Standard Time", "Korea Standard Time"),
    "Asia/Tokyo": ("Japan", "JST", "Japan Standard Time", "Tokyo Standard Time"),
    "Australia/Sydney": (
        *("Australia/NSW", "Australia/ACT", "AET", "AEST", "AEDT", "Australian Eastern Standard Time"),
        *("AUS Eastern Standard Time", "Australian Eastern Standard Time (New South Wales)"),
    ),
    "Pacific/Auckland": ("NZ", "NZST", "NZDT", "New Zealand Standard Time"),
    "Etc/UTC": ("UTC", "Z", "GMT", "UCT", "Zulu", "Universal", "Greenwich", "Coordinated Universal Time"),
}
"""Zones of the database, and what gateways call them."""

_WITH_LONG_NAME = re.compile(r"([^()]+?) ?\((.+)\)")


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


_ZONE_OF = {_key(alias): zone for zone, aliases in ALIASES.items() for alias in aliases}


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo:
    """The zone that a gateway means by `name`. Raises UnreadableAnswer, naming it, for one that is not known."""
    candidates = [name]
    if found := _WITH_LONG_NAME.fullmatch(" ".join(name.split())):
        candidates += [found[2], found[1]]  # the long name first: "CST" is Chicago's and China's
    for candidate in candidates:
        zone = _zone(candidate)
        if zone is not None:
            return zone
    raise UnreadableAnswer(f"the time zone {name[:80]!r} is not known")


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(_ZONE_OF.get(_key(name), name.strip()))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the database, such as "America"
        return None
