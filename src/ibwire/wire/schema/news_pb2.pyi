from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NewsBulletinsRequest(_message.Message):
    __slots__ = ("all_messages",)
    ALL_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    all_messages: bool
    def __init__(self, all_messages: bool = ...) -> None: ...

class CancelNewsBulletins(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class NewsBulletin(_message.Message):
    __slots__ = ("news_msg_id", "news_msg_type", "news_message", "originating_exch")
    NEWS_MSG_ID_FIELD_NUMBER: _ClassVar[int]
    NEWS_MSG_TYPE_FIELD_NUMBER: _ClassVar[int]
    NEWS_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ORIGINATING_EXCH_FIELD_NUMBER: _ClassVar[int]
    news_msg_id: int
    news_msg_type: int
    news_message: str
    originating_exch: str
    def __init__(self, news_msg_id: _Optional[int] = ..., news_msg_type: _Optional[int] = ..., news_message: _Optional[str] = ..., originating_exch: _Optional[str] = ...) -> None: ...

class NewsProvidersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class NewsProviders(_message.Message):
    __slots__ = ("news_providers",)
    NEWS_PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    news_providers: _containers.RepeatedCompositeFieldContainer[NewsProvider]
    def __init__(self, news_providers: _Optional[_Iterable[_Union[NewsProvider, _Mapping]]] = ...) -> None: ...

class NewsProvider(_message.Message):
    __slots__ = ("provider_code", "provider_name")
    PROVIDER_CODE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_NAME_FIELD_NUMBER: _ClassVar[int]
    provider_code: str
    provider_name: str
    def __init__(self, provider_code: _Optional[str] = ..., provider_name: _Optional[str] = ...) -> None: ...

class NewsArticleRequest(_message.Message):
    __slots__ = ("req_id", "provider_code", "article_id", "news_article_options")
    class NewsArticleOptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_CODE_FIELD_NUMBER: _ClassVar[int]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    NEWS_ARTICLE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    provider_code: str
    article_id: str
    news_article_options: _containers.ScalarMap[str, str]
    def __init__(self, req_id: _Optional[int] = ..., provider_code: _Optional[str] = ..., article_id: _Optional[str] = ..., news_article_options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class NewsArticle(_message.Message):
    __slots__ = ("req_id", "article_type", "article_text")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    ARTICLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    ARTICLE_TEXT_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    article_type: int
    article_text: str
    def __init__(self, req_id: _Optional[int] = ..., article_type: _Optional[int] = ..., article_text: _Optional[str] = ...) -> None: ...

class HistoricalNewsRequest(_message.Message):
    __slots__ = ("req_id", "con_id", "provider_codes", "start_date_time", "end_date_time", "total_results", "historical_news_options")
    class HistoricalNewsOptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CON_ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_CODES_FIELD_NUMBER: _ClassVar[int]
    START_DATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_DATE_TIME_FIELD_NUMBER: _ClassVar[int]
    TOTAL_RESULTS_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_NEWS_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    con_id: int
    provider_codes: str
    start_date_time: str
    end_date_time: str
    total_results: int
    historical_news_options: _containers.ScalarMap[str, str]
    def __init__(self, req_id: _Optional[int] = ..., con_id: _Optional[int] = ..., provider_codes: _Optional[str] = ..., start_date_time: _Optional[str] = ..., end_date_time: _Optional[str] = ..., total_results: _Optional[int] = ..., historical_news_options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class HistoricalNews(_message.Message):
    __slots__ = ("req_id", "time", "provider_code", "article_id", "headline")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_CODE_FIELD_NUMBER: _ClassVar[int]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    HEADLINE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    time: str
    provider_code: str
    article_id: str
    headline: str
    def __init__(self, req_id: _Optional[int] = ..., time: _Optional[str] = ..., provider_code: _Optional[str] = ..., article_id: _Optional[str] = ..., headline: _Optional[str] = ...) -> None: ...

class HistoricalNewsEnd(_message.Message):
    __slots__ = ("req_id", "has_more")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    has_more: bool
    def __init__(self, req_id: _Optional[int] = ..., has_more: bool = ...) -> None: ...

class WshMetaDataRequest(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class CancelWshMetaData(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class WshMetaData(_message.Message):
    __slots__ = ("req_id", "data_json")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    DATA_JSON_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    data_json: str
    def __init__(self, req_id: _Optional[int] = ..., data_json: _Optional[str] = ...) -> None: ...

class WshEventDataRequest(_message.Message):
    __slots__ = ("req_id", "con_id", "filter", "fill_watchlist", "fill_portfolio", "fill_competitors", "start_date", "end_date", "total_limit")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CON_ID_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    FILL_WATCHLIST_FIELD_NUMBER: _ClassVar[int]
    FILL_PORTFOLIO_FIELD_NUMBER: _ClassVar[int]
    FILL_COMPETITORS_FIELD_NUMBER: _ClassVar[int]
    START_DATE_FIELD_NUMBER: _ClassVar[int]
    END_DATE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_LIMIT_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    con_id: int
    filter: str
    fill_watchlist: bool
    fill_portfolio: bool
    fill_competitors: bool
    start_date: str
    end_date: str
    total_limit: int
    def __init__(self, req_id: _Optional[int] = ..., con_id: _Optional[int] = ..., filter: _Optional[str] = ..., fill_watchlist: bool = ..., fill_portfolio: bool = ..., fill_competitors: bool = ..., start_date: _Optional[str] = ..., end_date: _Optional[str] = ..., total_limit: _Optional[int] = ...) -> None: ...

class CancelWshEventData(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class WshEventData(_message.Message):
    __slots__ = ("req_id", "data_json")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    DATA_JSON_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    data_json: str
    def __init__(self, req_id: _Optional[int] = ..., data_json: _Optional[str] = ...) -> None: ...
