from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class StartApiRequest(_message.Message):
    __slots__ = ("client_id", "optional_capabilities")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    OPTIONAL_CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    optional_capabilities: str
    def __init__(self, client_id: _Optional[int] = ..., optional_capabilities: _Optional[str] = ...) -> None: ...

class IdsRequest(_message.Message):
    __slots__ = ("num_ids",)
    NUM_IDS_FIELD_NUMBER: _ClassVar[int]
    num_ids: int
    def __init__(self, num_ids: _Optional[int] = ...) -> None: ...

class NextValidId(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: int
    def __init__(self, order_id: _Optional[int] = ...) -> None: ...

class CurrentTimeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CurrentTime(_message.Message):
    __slots__ = ("current_time",)
    CURRENT_TIME_FIELD_NUMBER: _ClassVar[int]
    current_time: int
    def __init__(self, current_time: _Optional[int] = ...) -> None: ...

class CurrentTimeInMillisRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CurrentTimeInMillis(_message.Message):
    __slots__ = ("current_time_in_millis",)
    CURRENT_TIME_IN_MILLIS_FIELD_NUMBER: _ClassVar[int]
    current_time_in_millis: int
    def __init__(self, current_time_in_millis: _Optional[int] = ...) -> None: ...

class ErrorMessage(_message.Message):
    __slots__ = ("id", "error_time", "error_code", "error_msg", "advanced_order_reject_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    ERROR_TIME_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_MSG_FIELD_NUMBER: _ClassVar[int]
    ADVANCED_ORDER_REJECT_JSON_FIELD_NUMBER: _ClassVar[int]
    id: int
    error_time: int
    error_code: int
    error_msg: str
    advanced_order_reject_json: str
    def __init__(self, id: _Optional[int] = ..., error_time: _Optional[int] = ..., error_code: _Optional[int] = ..., error_msg: _Optional[str] = ..., advanced_order_reject_json: _Optional[str] = ...) -> None: ...

class SetServerLogLevelRequest(_message.Message):
    __slots__ = ("log_level",)
    LOG_LEVEL_FIELD_NUMBER: _ClassVar[int]
    log_level: int
    def __init__(self, log_level: _Optional[int] = ...) -> None: ...

class VerifyRequest(_message.Message):
    __slots__ = ("api_name", "api_version")
    API_NAME_FIELD_NUMBER: _ClassVar[int]
    API_VERSION_FIELD_NUMBER: _ClassVar[int]
    api_name: str
    api_version: str
    def __init__(self, api_name: _Optional[str] = ..., api_version: _Optional[str] = ...) -> None: ...

class VerifyMessageRequest(_message.Message):
    __slots__ = ("api_data",)
    API_DATA_FIELD_NUMBER: _ClassVar[int]
    api_data: str
    def __init__(self, api_data: _Optional[str] = ...) -> None: ...

class VerifyMessageApi(_message.Message):
    __slots__ = ("api_data",)
    API_DATA_FIELD_NUMBER: _ClassVar[int]
    api_data: str
    def __init__(self, api_data: _Optional[str] = ...) -> None: ...

class VerifyCompleted(_message.Message):
    __slots__ = ("is_successful", "error_text")
    IS_SUCCESSFUL_FIELD_NUMBER: _ClassVar[int]
    ERROR_TEXT_FIELD_NUMBER: _ClassVar[int]
    is_successful: bool
    error_text: str
    def __init__(self, is_successful: bool = ..., error_text: _Optional[str] = ...) -> None: ...

class QueryDisplayGroupsRequest(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class DisplayGroupList(_message.Message):
    __slots__ = ("req_id", "groups")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    groups: str
    def __init__(self, req_id: _Optional[int] = ..., groups: _Optional[str] = ...) -> None: ...

class SubscribeToGroupEventsRequest(_message.Message):
    __slots__ = ("req_id", "group_id")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    group_id: int
    def __init__(self, req_id: _Optional[int] = ..., group_id: _Optional[int] = ...) -> None: ...

class UpdateDisplayGroupRequest(_message.Message):
    __slots__ = ("req_id", "contract_info")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_INFO_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract_info: str
    def __init__(self, req_id: _Optional[int] = ..., contract_info: _Optional[str] = ...) -> None: ...

class UnsubscribeFromGroupEventsRequest(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class DisplayGroupUpdated(_message.Message):
    __slots__ = ("req_id", "contract_info")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_INFO_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract_info: str
    def __init__(self, req_id: _Optional[int] = ..., contract_info: _Optional[str] = ...) -> None: ...
