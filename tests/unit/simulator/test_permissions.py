"""Who may see what, and what is said to who may not."""

from __future__ import annotations

import pytest

from ibwire.simulator.instruments import by_local_symbol
from ibwire.simulator.permissions import Access, Permissions, shown_type


def access(permissions: Permissions, symbol: str) -> Access:
    instrument = by_local_symbol(symbol)
    assert instrument is not None
    return permissions.access(instrument)


def test_permissions_are_by_symbol_then_exchange_then_security_type_and_live_otherwise() -> None:
    permissions = Permissions({"STK": "none", "NASDAQ": "delayed", "AAPL": "tws_only"})
    assert access(permissions, "AAPL") is Access.TWS_ONLY
    assert access(permissions, "MSFT") is Access.DELAYED
    assert access(permissions, "JPM") is Access.NONE
    assert access(permissions, "EUR.USD") is Access.LIVE


@pytest.mark.parametrize("bad", [{"NOPE": "live"}, {"AAPL": "sometimes"}])
def test_permissions_that_mean_nothing_are_refused(bad: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"NOPE|sometimes"):
        Permissions(bad)


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ("live", {1: None, 2: None, 3: None, 4: None, 99: None}),
        ("delayed", {1: 10168, 2: 10168, 3: None, 4: None, 99: 10168}),
        ("tws_only", {1: 10089, 2: 10089, 3: None, 4: None, 99: 10089}),
        ("none", {1: 354, 2: 354, 3: 354, 4: 354, 99: 354}),
    ],
)
def test_refusal_depends_on_what_the_client_has_enabled(given: str, codes: dict[int, int | None]) -> None:
    instrument = by_local_symbol("AAPL")
    assert instrument is not None
    permissions = Permissions({"AAPL": given})
    refusals = {enabled: permissions.refusal(instrument, enabled) for enabled in codes}
    assert {enabled: refusal and refusal[0] for enabled, refusal in refusals.items()} == codes


@pytest.mark.parametrize(
    ("enabled", "is_live", "is_open", "shown"),
    [
        *((enabled, True, True, 1) for enabled in (1, 2, 3, 4, 99)),
        *((enabled, True, False, 2 if enabled == 2 else 1) for enabled in (1, 2, 3, 4, 99)),
        *((enabled, False, True, 3) for enabled in (3, 4)),
        *((enabled, False, False, enabled) for enabled in (3, 4)),
    ],
)
def test_shown_type_is_frozen_only_when_closed_and_enabled(
    enabled: int, is_live: bool, is_open: bool, shown: int
) -> None:
    assert shown_type(enabled, is_live=is_live, is_open=is_open) == shown
