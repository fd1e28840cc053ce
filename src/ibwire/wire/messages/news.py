"""News: bulletins, articles, headlines and the Wall Street Horizon calendar.

Generated from `../schema/news.proto` by `make wire`; do not edit.
"""

from __future__ import annotations

from msgspec import Struct


class NewsBulletinsRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 12, REQ_NEWS_BULLETINS."""

    all_messages: bool | None = None


class CancelNewsBulletins(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 13, CANCEL_NEWS_BULLETINS."""


class NewsBulletin(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 14, NEWS_BULLETINS."""

    news_msg_id: int | None = None
    news_msg_type: int | None = None
    news_message: str | None = None
    originating_exch: str | None = None


class NewsProvidersRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 85, REQ_NEWS_PROVIDERS."""


class NewsProvider(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of NewsProviders."""

    provider_code: str | None = None
    provider_name: str | None = None


class NewsProviders(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 85, NEWS_PROVIDERS."""

    news_providers: tuple[NewsProvider, ...] = ()


class NewsArticleRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 84, REQ_NEWS_ARTICLE."""

    req_id: int | None = None
    provider_code: str | None = None
    article_id: str | None = None
    news_article_options: dict[str, str] = {}


class NewsArticle(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 83, NEWS_ARTICLE."""

    req_id: int | None = None
    article_type: int | None = None
    article_text: str | None = None


class HistoricalNewsRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 86, REQ_HISTORICAL_NEWS."""

    req_id: int | None = None
    con_id: int | None = None
    provider_codes: str | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    total_results: int | None = None
    historical_news_options: dict[str, str] = {}


class HistoricalNews(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 86, HISTORICAL_NEWS."""

    req_id: int | None = None
    time: str | None = None
    provider_code: str | None = None
    article_id: str | None = None
    headline: str | None = None


class HistoricalNewsEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 87, HISTORICAL_NEWS_END."""

    req_id: int | None = None
    has_more: bool | None = None


class WshMetaDataRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 100, REQ_WSH_META_DATA."""

    req_id: int | None = None


class CancelWshMetaData(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 101, CANCEL_WSH_META_DATA."""

    req_id: int | None = None


class WshMetaData(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 104, WSH_META_DATA."""

    req_id: int | None = None
    data_json: str | None = None


class WshEventDataRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Outgoing 102, REQ_WSH_EVENT_DATA."""

    req_id: int | None = None
    con_id: int | None = None
    filter: str | None = None
    fill_watchlist: bool | None = None
    fill_portfolio: bool | None = None
    fill_competitors: bool | None = None
    start_date: str | None = None
    end_date: str | None = None
    total_limit: int | None = None


class CancelWshEventData(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 103, CANCEL_WSH_EVENT_DATA."""

    req_id: int | None = None


class WshEventData(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 105, WSH_EVENT_DATA."""

    req_id: int | None = None
    data_json: str | None = None
