"""What a gateway says of itself without being asked: its link to IBKR, its farms of data servers, its port.

IBKR sends these as errors that belong to no request (protocol notes, 5.1); what each code means is `error_codes`'.
"""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from ibwire.error_codes import Action, Category, ErrorRule, ErrorTable, Scope

_RESTORED = frozenset({Category.CONNECTIVITY_RESTORED_DATA_LOST, Category.CONNECTIVITY_RESTORED_DATA_OK})
_GOOD_NEWS = frozenset({Category.INFO, Category.FARM_UP, Category.FARM_IDLE, *_RESTORED})

_LAST_NUMBER = re.compile(r"[0-9]+(?=\D*$)")
_PORTS = range(1, 65536)


class News(Enum):
    """What a notice is about, as far as the connection has to do something."""

    OFFLINE = "the gateway has lost its link to IBKR"
    ONLINE = "it has it again, and subscriptions go on"
    ONLINE_DATA_LOST = "it has it again, and every subscription is gone"
    FARM_DOWN = "a farm of data servers is lost"
    FARM_UP = "a farm of data servers works"
    CLIENT_ID_IN_USE = "another connection has our client id"
    RECONNECT = "this connection is over, another has to be made"
    OTHER = "nothing to be done"


class FarmKind(Enum):
    """What a farm of data servers serves."""

    MARKET_DATA = "Market data"
    HISTORY = "HMDS"
    DEFINITIONS = "Sec-def"


class Notice(Struct, frozen=True, kw_only=True):
    """One notice: IBKR's code and text, the table's row for it, and what is new.

    `farm` is the farm's name and `farm_kind` what it serves, `port` the port to reconnect to, where the text has them.
    """

    code: int
    text: str
    rule: ErrorRule
    news: News
    farm: str = ""
    farm_kind: FarmKind = FarmKind.MARKET_DATA
    port: int | None = None

    @property
    def is_worth_a_warning(self) -> bool:
        """Whether a person should see it."""
        return self.rule.category not in _GOOD_NEWS


def read_notice(errors: ErrorTable, code: int, text: str) -> Notice:
    """What an error that belongs to no request says."""
    rule = errors.rule_for(code, text)
    news = _news(errors, rule)
    farm = text.rpartition(":")[2].strip() if news in (News.FARM_DOWN, News.FARM_UP) else ""
    farm_kind = next((kind for kind in FarmKind if kind.value in text), FarmKind.MARKET_DATA)
    port = _port(text) if news is News.RECONNECT else None
    return Notice(code=code, text=text, rule=rule, news=news, farm=farm, farm_kind=farm_kind, port=port)


def _news(errors: ErrorTable, rule: ErrorRule) -> News:
    if rule.category is Category.ID_IN_USE:
        return News.CLIENT_ID_IN_USE
    if rule.scope is not Scope.SYSTEM:
        return News.RECONNECT if rule.action is Action.RECONNECT else News.OTHER
    # 1102 may name farms that are down still: its row says so then, and its other row that the link is back.
    categories = {one.category for one in errors.rules_of(rule.code)}
    if Category.CONNECTIVITY_RESTORED_DATA_LOST in categories:
        return News.ONLINE_DATA_LOST
    if Category.CONNECTIVITY_RESTORED_DATA_OK in categories:
        return News.ONLINE
    return {
        Category.CONNECTIVITY_LOST: News.OFFLINE,
        Category.FARM_DOWN: News.FARM_DOWN,
        Category.FARM_UP: News.FARM_UP,
    }.get(rule.category, News.OTHER)


def _port(text: str) -> int | None:
    """Where the gateway says it listens now (1300)."""
    found = _LAST_NUMBER.search(text)
    return int(found[0]) if found is not None and int(found[0]) in _PORTS else None
