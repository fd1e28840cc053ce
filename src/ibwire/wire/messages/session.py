"""The session itself: start, ids, clock, errors, verification, display groups.

Generated from `../schema/session.proto` by `make wire`; do not edit.
"""

from __future__ import annotations

from msgspec import Struct


class StartApiRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 71, START_API."""

    client_id: int | None = None
    optional_capabilities: str | None = None


class IdsRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 8, REQ_IDS."""

    num_ids: int | None = None


class NextValidId(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 9, NEXT_VALID_ID."""

    order_id: int | None = None


class CurrentTimeRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 49, REQ_CURRENT_TIME."""


class CurrentTime(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 49, CURRENT_TIME."""

    current_time: int | None = None  # epoch seconds


class CurrentTimeInMillisRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 105, REQ_CURRENT_TIME_IN_MILLIS."""


class CurrentTimeInMillis(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 109, CURRENT_TIME_IN_MILLIS."""

    current_time_in_millis: int | None = None  # epoch milliseconds


class ErrorMessage(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 4, ERR_MSG."""

    id: int | None = None  # request or order id, -1 for none; IBKR's client reads an absent id as 0
    error_time: int | None = None  # epoch milliseconds
    error_code: int | None = None
    error_msg: str | None = None
    advanced_order_reject_json: str | None = None


class SetServerLogLevelRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 14, SET_SERVER_LOGLEVEL."""

    log_level: int | None = None


class VerifyRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 65, VERIFY_REQUEST."""

    api_name: str | None = None
    api_version: str | None = None


class VerifyMessageRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 66, VERIFY_MESSAGE."""

    api_data: str | None = None


class VerifyMessageApi(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 65, VERIFY_MESSAGE_API."""

    api_data: str | None = None


class VerifyCompleted(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 66, VERIFY_COMPLETED."""

    is_successful: bool | None = None
    error_text: str | None = None


class QueryDisplayGroupsRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 67, QUERY_DISPLAY_GROUPS."""

    req_id: int | None = None


class DisplayGroupList(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 67, DISPLAY_GROUP_LIST."""

    req_id: int | None = None
    groups: str | None = None


class SubscribeToGroupEventsRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 68, SUBSCRIBE_TO_GROUP_EVENTS."""

    req_id: int | None = None
    group_id: int | None = None


class UpdateDisplayGroupRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 69, UPDATE_DISPLAY_GROUP."""

    req_id: int | None = None
    contract_info: str | None = None


class UnsubscribeFromGroupEventsRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 70, UNSUBSCRIBE_FROM_GROUP_EVENTS."""

    req_id: int | None = None


class DisplayGroupUpdated(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 68, DISPLAY_GROUP_UPDATED."""

    req_id: int | None = None
    contract_info: str | None = None
