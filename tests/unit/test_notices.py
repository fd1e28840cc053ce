"""What the gateway says of itself."""

from __future__ import annotations

import pytest

from ibwire.error_codes import ERROR_TABLE
from ibwire.notices import FarmKind, News, read_notice

TEXT_1102 = "Connectivity between IBKR and TWS has been restored - data maintained."


@pytest.mark.parametrize(
    ("code", "text", "news"),
    [
        (1100, "Connectivity between IBKR and TWS has been lost.", News.OFFLINE),
        (2110, "Connectivity between TWS and server is broken. It will be restored automatically.", News.OFFLINE),
        (1101, "Connectivity between IBKR and TWS has been restored - data lost.", News.ONLINE_DATA_LOST),
        (1102, TEXT_1102, News.ONLINE),
        (1102, f"{TEXT_1102} The following farms are not connected: usfarm", News.ONLINE),
        (2103, "Market data farm connection is broken:usfarm", News.FARM_DOWN),
        (2104, "Market data farm connection is OK:usfarm", News.FARM_UP),
        (2108, "Market data farm connection is inactive but should be available upon demand.usfarm", News.OTHER),
        (326, "Unable to connect as the client id is already in use.", News.CLIENT_ID_IN_USE),
        (1300, "TWS socket port has been reset and this connection is being dropped.", News.RECONNECT),
        *((code, "said by a gateway for once", News.RECONNECT) for code in (502, 504, 507)),
        (399, "Order Message: Warning: your order will not be placed until", News.OTHER),
        (99999, "something new", News.OTHER),
    ],
)
def test_a_notice_is_known_for_what_it_is(code: int, text: str, news: News) -> None:
    assert read_notice(ERROR_TABLE, code, text).news is news


@pytest.mark.parametrize(
    ("code", "text", "farm", "kind"),
    [
        (2103, "Market data farm connection is broken:usfarm.nj", "usfarm.nj", FarmKind.MARKET_DATA),
        (2105, "HMDS data farm connection is broken:ushmds", "ushmds", FarmKind.HISTORY),
        (2157, "Sec-def data farm connection is broken:secdefnj", "secdefnj", FarmKind.DEFINITIONS),
    ],
)
def test_a_farm_is_named_with_what_it_serves(code: int, text: str, farm: str, kind: FarmKind) -> None:
    notice = read_notice(ERROR_TABLE, code, text)
    assert (notice.farm, notice.farm_kind) == (farm, kind)


@pytest.mark.parametrize(
    ("end", "port"), [("port - 7497", 7497), ("port - 7497.", 7497), ("port", None), ("99999", None)]
)
def test_the_new_port_is_read_where_the_text_has_one(end: str, port: int | None) -> None:
    text = f"TWS socket port has been reset and this connection is being dropped. Please reconnect on the new {end}"
    assert read_notice(ERROR_TABLE, 1300, text).port == port
