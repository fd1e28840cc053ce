"""Accounts: values, positions, profit and loss, advisor data.

Generated from `../schema/account.proto` by `make wire`; do not edit.
"""

from __future__ import annotations

from msgspec import Struct

from ibwire.wire.messages.contract import Contract
from ibwire.wire.messages.order import SoftDollarTier


class ManagedAccountsRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 17, REQ_MANAGED_ACCTS."""


class ManagedAccounts(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 15, MANAGED_ACCTS."""

    accounts_list: str | None = None  # comma separated, a trailing comma is possible


class AccountDataRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 6, REQ_ACCT_DATA."""

    subscribe: bool | None = None
    acct_code: str | None = None


class AccountValue(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 6, ACCT_VALUE."""

    key: str | None = None
    value: str | None = None
    currency: str | None = None
    account_name: str | None = None


class PortfolioValue(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Incoming 7, PORTFOLIO_VALUE."""

    contract: Contract | None = None
    position: str | None = None  # decimal text
    market_price: float | None = None
    market_value: float | None = None
    average_cost: float | None = None
    unrealized_pnl: float | None = None
    realized_pnl: float | None = None
    account_name: str | None = None


class AccountUpdateTime(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 8, ACCT_UPDATE_TIME."""

    time_stamp: str | None = None


class AccountDataEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 54, ACCT_DOWNLOAD_END."""

    account_name: str | None = None


class AccountSummaryRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 62, REQ_ACCOUNT_SUMMARY."""

    req_id: int | None = None
    group: str | None = None
    tags: str | None = None


class CancelAccountSummary(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 63, CANCEL_ACCOUNT_SUMMARY."""

    req_id: int | None = None


class AccountSummary(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 63, ACCOUNT_SUMMARY."""

    req_id: int | None = None
    account: str | None = None
    tag: str | None = None
    value: str | None = None
    currency: str | None = None


class AccountSummaryEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 64, ACCOUNT_SUMMARY_END."""

    req_id: int | None = None


class PositionsRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 61, REQ_POSITIONS."""


class CancelPositions(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 64, CANCEL_POSITIONS."""


class Position(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Incoming 61, POSITION_DATA."""

    account: str | None = None
    contract: Contract | None = None
    position: str | None = None  # decimal text
    avg_cost: float | None = None


class PositionEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 62, POSITION_END."""


class PositionsMultiRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 74, REQ_POSITIONS_MULTI."""

    req_id: int | None = None
    account: str | None = None
    model_code: str | None = None


class CancelPositionsMulti(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 75, CANCEL_POSITIONS_MULTI."""

    req_id: int | None = None


class PositionMulti(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Incoming 71, POSITION_MULTI."""

    req_id: int | None = None
    account: str | None = None
    contract: Contract | None = None
    position: str | None = None  # decimal text
    avg_cost: float | None = None
    model_code: str | None = None


class PositionMultiEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 72, POSITION_MULTI_END."""

    req_id: int | None = None


class AccountUpdatesMultiRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Outgoing 76, REQ_ACCOUNT_UPDATES_MULTI."""

    req_id: int | None = None
    account: str | None = None
    model_code: str | None = None
    ledger_and_nlv: bool | None = None


class CancelAccountUpdatesMulti(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 77, CANCEL_ACCOUNT_UPDATES_MULTI."""

    req_id: int | None = None


class AccountUpdateMulti(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 73, ACCOUNT_UPDATE_MULTI."""

    req_id: int | None = None
    account: str | None = None
    model_code: str | None = None
    key: str | None = None
    value: str | None = None
    currency: str | None = None


class AccountUpdateMultiEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 74, ACCOUNT_UPDATE_MULTI_END."""

    req_id: int | None = None


class PnLRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 92, REQ_PNL."""

    req_id: int | None = None
    account: str | None = None
    model_code: str | None = None


class CancelPnL(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 93, CANCEL_PNL."""

    req_id: int | None = None


class PnL(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 94, PNL."""

    req_id: int | None = None
    daily_pnl: float | None = None
    unrealized_pnl: float | None = None
    realized_pnl: float | None = None


class PnLSingleRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Outgoing 94, REQ_PNL_SINGLE."""

    req_id: int | None = None
    account: str | None = None
    model_code: str | None = None
    con_id: int | None = None


class CancelPnLSingle(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 95, CANCEL_PNL_SINGLE."""

    req_id: int | None = None


class PnLSingle(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 95, PNL_SINGLE."""

    req_id: int | None = None
    position: str | None = None  # decimal text
    daily_pnl: float | None = None
    unrealized_pnl: float | None = None
    realized_pnl: float | None = None
    value: float | None = None


class FARequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 18, REQ_FA."""

    fa_data_type: int | None = None


class ReceiveFA(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 16, RECEIVE_FA."""

    fa_data_type: int | None = None
    xml: str | None = None


class FAReplace(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 19, REPLACE_FA."""

    req_id: int | None = None
    fa_data_type: int | None = None
    xml: str | None = None


class ReplaceFAEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 103, REPLACE_FA_END."""

    req_id: int | None = None
    text: str | None = None


class FamilyCodesRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 80, REQ_FAMILY_CODES."""


class FamilyCode(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of FamilyCodes."""

    account_id: str | None = None
    family_code: str | None = None


class FamilyCodes(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 78, FAMILY_CODES."""

    family_codes: tuple[FamilyCode, ...] = ()


class SoftDollarTiersRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 79, REQ_SOFT_DOLLAR_TIERS."""

    req_id: int | None = None


class SoftDollarTiers(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 77, SOFT_DOLLAR_TIERS."""

    req_id: int | None = None
    soft_dollar_tiers: tuple[SoftDollarTier, ...] = ()


class UserInfoRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 104, REQ_USER_INFO."""

    req_id: int | None = None


class UserInfo(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 107, USER_INFO."""

    req_id: int | None = None
    white_branding_id: str | None = None
