from ibwire.wire.schema import contract_pb2 as _contract_pb2
from ibwire.wire.schema import order_pb2 as _order_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ManagedAccountsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ManagedAccounts(_message.Message):
    __slots__ = ("accounts_list",)
    ACCOUNTS_LIST_FIELD_NUMBER: _ClassVar[int]
    accounts_list: str
    def __init__(self, accounts_list: _Optional[str] = ...) -> None: ...

class AccountDataRequest(_message.Message):
    __slots__ = ("subscribe", "acct_code")
    SUBSCRIBE_FIELD_NUMBER: _ClassVar[int]
    ACCT_CODE_FIELD_NUMBER: _ClassVar[int]
    subscribe: bool
    acct_code: str
    def __init__(self, subscribe: bool = ..., acct_code: _Optional[str] = ...) -> None: ...

class AccountValue(_message.Message):
    __slots__ = ("key", "value", "currency", "account_name")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_NAME_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    currency: str
    account_name: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ..., currency: _Optional[str] = ..., account_name: _Optional[str] = ...) -> None: ...

class PortfolioValue(_message.Message):
    __slots__ = ("contract", "position", "market_price", "market_value", "average_cost", "unrealized_pnl", "realized_pnl", "account_name")
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    MARKET_PRICE_FIELD_NUMBER: _ClassVar[int]
    MARKET_VALUE_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_COST_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_NAME_FIELD_NUMBER: _ClassVar[int]
    contract: _contract_pb2.Contract
    position: str
    market_price: float
    market_value: float
    average_cost: float
    unrealized_pnl: float
    realized_pnl: float
    account_name: str
    def __init__(self, contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., position: _Optional[str] = ..., market_price: _Optional[float] = ..., market_value: _Optional[float] = ..., average_cost: _Optional[float] = ..., unrealized_pnl: _Optional[float] = ..., realized_pnl: _Optional[float] = ..., account_name: _Optional[str] = ...) -> None: ...

class AccountUpdateTime(_message.Message):
    __slots__ = ("time_stamp",)
    TIME_STAMP_FIELD_NUMBER: _ClassVar[int]
    time_stamp: str
    def __init__(self, time_stamp: _Optional[str] = ...) -> None: ...

class AccountDataEnd(_message.Message):
    __slots__ = ("account_name",)
    ACCOUNT_NAME_FIELD_NUMBER: _ClassVar[int]
    account_name: str
    def __init__(self, account_name: _Optional[str] = ...) -> None: ...

class AccountSummaryRequest(_message.Message):
    __slots__ = ("req_id", "group", "tags")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    group: str
    tags: str
    def __init__(self, req_id: _Optional[int] = ..., group: _Optional[str] = ..., tags: _Optional[str] = ...) -> None: ...

class CancelAccountSummary(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class AccountSummary(_message.Message):
    __slots__ = ("req_id", "account", "tag", "value", "currency")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    account: str
    tag: str
    value: str
    currency: str
    def __init__(self, req_id: _Optional[int] = ..., account: _Optional[str] = ..., tag: _Optional[str] = ..., value: _Optional[str] = ..., currency: _Optional[str] = ...) -> None: ...

class AccountSummaryEnd(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class PositionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CancelPositions(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Position(_message.Message):
    __slots__ = ("account", "contract", "position", "avg_cost")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    AVG_COST_FIELD_NUMBER: _ClassVar[int]
    account: str
    contract: _contract_pb2.Contract
    position: str
    avg_cost: float
    def __init__(self, account: _Optional[str] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., position: _Optional[str] = ..., avg_cost: _Optional[float] = ...) -> None: ...

class PositionEnd(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PositionsMultiRequest(_message.Message):
    __slots__ = ("req_id", "account", "model_code")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    MODEL_CODE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    account: str
    model_code: str
    def __init__(self, req_id: _Optional[int] = ..., account: _Optional[str] = ..., model_code: _Optional[str] = ...) -> None: ...

class CancelPositionsMulti(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class PositionMulti(_message.Message):
    __slots__ = ("req_id", "account", "contract", "position", "avg_cost", "model_code")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    AVG_COST_FIELD_NUMBER: _ClassVar[int]
    MODEL_CODE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    account: str
    contract: _contract_pb2.Contract
    position: str
    avg_cost: float
    model_code: str
    def __init__(self, req_id: _Optional[int] = ..., account: _Optional[str] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., position: _Optional[str] = ..., avg_cost: _Optional[float] = ..., model_code: _Optional[str] = ...) -> None: ...

class PositionMultiEnd(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class AccountUpdatesMultiRequest(_message.Message):
    __slots__ = ("req_id", "account", "model_code", "ledger_and_nlv")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    MODEL_CODE_FIELD_NUMBER: _ClassVar[int]
    LEDGER_AND_NLV_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    account: str
    model_code: str
    ledger_and_nlv: bool
    def __init__(self, req_id: _Optional[int] = ..., account: _Optional[str] = ..., model_code: _Optional[str] = ..., ledger_and_nlv: bool = ...) -> None: ...

class CancelAccountUpdatesMulti(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class AccountUpdateMulti(_message.Message):
    __slots__ = ("req_id", "account", "model_code", "key", "value", "currency")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    MODEL_CODE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    account: str
    model_code: str
    key: str
    value: str
    currency: str
    def __init__(self, req_id: _Optional[int] = ..., account: _Optional[str] = ..., model_code: _Optional[str] = ..., key: _Optional[str] = ..., value: _Optional[str] = ..., currency: _Optional[str] = ...) -> None: ...

class AccountUpdateMultiEnd(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class PnLRequest(_message.Message):
    __slots__ = ("req_id", "account", "model_code")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    MODEL_CODE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    account: str
    model_code: str
    def __init__(self, req_id: _Optional[int] = ..., account: _Optional[str] = ..., model_code: _Optional[str] = ...) -> None: ...

class CancelPnL(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class PnL(_message.Message):
    __slots__ = ("req_id", "daily_pnl", "unrealized_pnl", "realized_pnl")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    DAILY_PNL_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    daily_pnl: float
    unrealized_pnl: float
    realized_pnl: float
    def __init__(self, req_id: _Optional[int] = ..., daily_pnl: _Optional[float] = ..., unrealized_pnl: _Optional[float] = ..., realized_pnl: _Optional[float] = ...) -> None: ...

class PnLSingleRequest(_message.Message):
    __slots__ = ("req_id", "account", "model_code", "con_id")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    MODEL_CODE_FIELD_NUMBER: _ClassVar[int]
    CON_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    account: str
    model_code: str
    con_id: int
    def __init__(self, req_id: _Optional[int] = ..., account: _Optional[str] = ..., model_code: _Optional[str] = ..., con_id: _Optional[int] = ...) -> None: ...

class CancelPnLSingle(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class PnLSingle(_message.Message):
    __slots__ = ("req_id", "position", "daily_pnl", "unrealized_pnl", "realized_pnl", "value")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    DAILY_PNL_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    position: str
    daily_pnl: float
    unrealized_pnl: float
    realized_pnl: float
    value: float
    def __init__(self, req_id: _Optional[int] = ..., position: _Optional[str] = ..., daily_pnl: _Optional[float] = ..., unrealized_pnl: _Optional[float] = ..., realized_pnl: _Optional[float] = ..., value: _Optional[float] = ...) -> None: ...

class FARequest(_message.Message):
    __slots__ = ("fa_data_type",)
    FA_DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    fa_data_type: int
    def __init__(self, fa_data_type: _Optional[int] = ...) -> None: ...

class ReceiveFA(_message.Message):
    __slots__ = ("fa_data_type", "xml")
    FA_DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    XML_FIELD_NUMBER: _ClassVar[int]
    fa_data_type: int
    xml: str
    def __init__(self, fa_data_type: _Optional[int] = ..., xml: _Optional[str] = ...) -> None: ...

class FAReplace(_message.Message):
    __slots__ = ("req_id", "fa_data_type", "xml")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    FA_DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    XML_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    fa_data_type: int
    xml: str
    def __init__(self, req_id: _Optional[int] = ..., fa_data_type: _Optional[int] = ..., xml: _Optional[str] = ...) -> None: ...

class ReplaceFAEnd(_message.Message):
    __slots__ = ("req_id", "text")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    text: str
    def __init__(self, req_id: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class FamilyCodesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FamilyCodes(_message.Message):
    __slots__ = ("family_codes",)
    FAMILY_CODES_FIELD_NUMBER: _ClassVar[int]
    family_codes: _containers.RepeatedCompositeFieldContainer[FamilyCode]
    def __init__(self, family_codes: _Optional[_Iterable[_Union[FamilyCode, _Mapping]]] = ...) -> None: ...

class FamilyCode(_message.Message):
    __slots__ = ("account_id", "family_code")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    FAMILY_CODE_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    family_code: str
    def __init__(self, account_id: _Optional[str] = ..., family_code: _Optional[str] = ...) -> None: ...

class SoftDollarTiersRequest(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class SoftDollarTiers(_message.Message):
    __slots__ = ("req_id", "soft_dollar_tiers")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    SOFT_DOLLAR_TIERS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    soft_dollar_tiers: _containers.RepeatedCompositeFieldContainer[_order_pb2.SoftDollarTier]
    def __init__(self, req_id: _Optional[int] = ..., soft_dollar_tiers: _Optional[_Iterable[_Union[_order_pb2.SoftDollarTier, _Mapping]]] = ...) -> None: ...

class UserInfoRequest(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class UserInfo(_message.Message):
    __slots__ = ("req_id", "white_branding_id")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    WHITE_BRANDING_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    white_branding_id: str
    def __init__(self, req_id: _Optional[int] = ..., white_branding_id: _Optional[str] = ...) -> None: ...
