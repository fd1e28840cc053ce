"""Market scanners.

Generated from `../schema/scanner.proto` by `make wire`; do not edit.
"""

from __future__ import annotations

from msgspec import Struct

from ibwire.wire.messages.contract import Contract


class ScannerParametersRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 24, REQ_SCANNER_PARAMETERS."""


class ScannerParameters(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 19, SCANNER_PARAMETERS."""

    xml: str | None = None


class ScannerSubscription(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Part of ScannerSubscriptionRequest."""

    number_of_rows: int | None = -1
    instrument: str | None = None
    location_code: str | None = None
    scan_code: str | None = None
    above_price: float | None = None
    below_price: float | None = None
    above_volume: int | None = None
    market_cap_above: float | None = None
    market_cap_below: float | None = None
    moody_rating_above: str | None = None
    moody_rating_below: str | None = None
    sp_rating_above: str | None = None
    sp_rating_below: str | None = None
    maturity_date_above: str | None = None
    maturity_date_below: str | None = None
    coupon_rate_above: float | None = None
    coupon_rate_below: float | None = None
    exclude_convertible: bool | None = None
    average_option_volume_above: int | None = None
    scanner_setting_pairs: str | None = None
    stock_type_filter: str | None = None
    scanner_subscription_filter_options: dict[str, str] = {}
    scanner_subscription_options: dict[str, str] = {}


class ScannerSubscriptionRequest(Struct, frozen=True, repr_omit_defaults=True):
    """Outgoing 22, REQ_SCANNER_SUBSCRIPTION."""

    req_id: int | None = None
    scanner_subscription: ScannerSubscription | None = ScannerSubscription()


class CancelScannerSubscription(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 23, CANCEL_SCANNER_SUBSCRIPTION."""

    req_id: int | None = None


class ScannerDataElement(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Part of ScannerData."""

    rank: int | None = None
    contract: Contract | None = None
    market_name: str | None = None
    distance: str | None = None
    benchmark: str | None = None
    projection: str | None = None
    combo_key: str | None = None


class ScannerData(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 20, SCANNER_DATA."""

    req_id: int | None = None
    scanner_data_element: tuple[ScannerDataElement, ...] = ()
