"""The table of IBKR's codes: every row of it, what follows from each, and how it is changed at run time."""

from __future__ import annotations

import csv
import logging
import runpy
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ibwire import error_codes
from ibwire import exceptions as ex
from ibwire.error_codes import (
    COLUMNS,
    ERROR_TABLE,
    WARNING_CODES,
    Action,
    Category,
    ErrorRule,
    ErrorTable,
    OrderVerdict,
    Scope,
    rules_from_tsv,
)
from ibwire.exceptions import ConfigurationError, IbwireError

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
RULES = tuple(ERROR_TABLE.rules())
KEEP, RECONCILE = OrderVerdict.KEEP, OrderVerdict.RECONCILE
REJECTED, CANCELLED = OrderVerdict.REJECTED, OrderVerdict.CANCELLED
UNKNOWN = 987_654


DECISIONS = """
scope   category                        action                  raises                   one-shot stream new    working
client  info                            log                     RequestFailed            -        -      keep   keep
client  invalid_request                 fail_request            InvalidRequest           fails    ends   reject ask
client  no_security                     fail_request            NoSecurityDefinition     fails    ends   reject ask
client  not_connected                   fail_request            NotConnected             fails    ends   ask    ask
client  not_connected                   reconcile               OrderUnconfirmed         -        -      ask    ask
client  not_connected                   reconnect               ConnectionLost           fails    ends   ask    ask
client  other                           log                     RequestFailed            -        -      keep   keep
client  other                           reconnect               ConnectionLost           fails    ends   ask    ask
client  unsupported_version             fail_request            UnsupportedServerVersion fails    ends   ask    ask
client  unsupported_version             reconnect               UnsupportedServerVersion fails    ends   ask    ask
order   connectivity_lost               reconcile               OrderUnconfirmed         -        -      ask    ask
order   duplicate_id                    reject_order            DuplicateOrderId         fails    ends   reject ask
order   invalid_request                 reconcile               OrderUnconfirmed         -        -      ask    ask
order   no_permission                   reject_order            OrderRejected            fails    ends   reject ask
order   no_security                     reject_order            OrderRejected            fails    ends   reject ask
order   order_cancelled                 confirm_cancel          OrderCancelled           fails    ends   cancel cancel
order   order_rejected                  reject_order            OrderRejected            fails    ends   reject ask
order   order_unknown                   reconcile               OrderNotFound            -        -      ask    ask
order   order_warning                   keep_order              OrderError               -        -      keep   keep
order   order_warning                   reconcile               OrderUnconfirmed         -        -      ask    ask
order   other                           reconcile               OrderUnconfirmed         -        -      ask    ask
order   read_only                       reject_order            OrderRejectedReadOnly    fails    ends   reject ask
order   warning                         log                     OrderError               -        -      keep   keep
request ambiguous                       fail_request            AmbiguousContract        fails    ends   reject ask
request competing_session               fail_request            CompetingSession         fails    ends   ask    ask
request competing_session               wait                    CompetingSession         fails    -      ask    ask
request delayed_data                    log                     NoMarketDataPermission   -        -      keep   keep
request duplicate_id                    fail_request            DuplicateRequest         fails    ends   ask    ask
request duplicate_id                    wait                    DuplicateRequest         fails    -      ask    ask
request farm_down                       resubscribe             SubscriptionEnded        fails    ends   ask    ask
request info                            ignore                  RequestFailed            -        -      keep   keep
request info                            log                     RequestFailed            -        -      keep   keep
request invalid_request                 fail_request            InvalidRequest           fails    ends   reject ask
request invalid_request                 log                     InvalidRequest           -        -      keep   keep
request no_data                         fail_request            NoData                   fails    ends   ask    ask
request no_permission                   fail_request            NoPermission             fails    ends   ask    ask
request no_security                     fail_request            NoSecurityDefinition     fails    ends   reject ask
request other                           fail_request            RequestFailed            fails    ends   ask    ask
request other                           resubscribe             SubscriptionEnded        fails    ends   ask    ask
request other                           wait                    RequestFailed            fails    -      ask    ask
request pacing                          slow_down               PacingViolation          fails    ends   ask    ask
request rate                            fail_request            SubscriptionLimitReached fails    ends   ask    ask
request server_error                    fail_request            ServerError              fails    ends   ask    ask
request server_error                    log                     ServerError              -        -      keep   keep
request warning                         log                     RequestFailed            -        -      keep   keep
session id_in_use                       reconnect_new_client_id ClientIdInUse            fails    ends   ask    ask
session not_connected                   reconnect               ConnectionLost           fails    ends   ask    ask
session other                           log                     RequestFailed            -        -      keep   keep
session other                           wait                    RequestFailed            fails    -      ask    ask
session rate                            slow_down               PacingViolation          fails    ends   ask    ask
session read_only                       stop                    ReadOnlyApi              fails    ends   reject ask
session unsupported_version             stop                    UnsupportedClientVersion fails    ends   ask    ask
session warning                         log                     RequestFailed            -        -      keep   keep
system  connectivity_lost               wait                    GatewayOffline           -        -      keep   keep
system  connectivity_restored_data_lost resubscribe             SubscriptionEnded        -        -      keep   keep
system  connectivity_restored_data_ok   reconcile               RequestFailed            -        -      keep   keep
system  farm_down                       wait                    DataFarmDown             -        -      keep   keep
system  farm_idle                       ignore                  RequestFailed            -        -      keep   keep
system  farm_up                         log                     RequestFailed            -        -      keep   keep
system  info                            wait                    RequestFailed            -        -      keep   keep
system  warning                         log                     RequestFailed            -        -      keep   keep
"""
"""What has to follow from each combination that occurs, written out by hand: for a one-shot, a stream, a new order, a
working order."""

WORDS = {"keep": KEEP, "ask": RECONCILE, "reject": REJECTED, "cancel": CANCELLED}


class Outcome(NamedTuple):
    """One line of `DECISIONS`."""

    kind: type[IbwireError]
    ends_request: bool
    ends_stream: bool
    new_order: OrderVerdict
    working_order: OrderVerdict


def outcomes() -> dict[str, Outcome]:
    """The combinations and what follows from each."""
    found = {}
    for line in DECISIONS.strip().splitlines()[1:]:
        scope, category, action, kind, one_shot, stream, new, working = line.split()
        found[f"{scope} {category} {action}"] = Outcome(
            getattr(ex, kind), one_shot == "fails", stream == "ends", WORDS[new], WORDS[working]
        )
    return found


OUTCOMES = outcomes()

CHANGE_REFUSED = (104, 105, 134, 136, 137, 161, 329, 422, 440, 444, 2102, 10148, 10241, 10242, 10326, 10327, 10341)
DATA_PERMISSION = (
    *((code, "") for code in (354, 10089, 10168, 10186, 10187, 10188, 10189)),
    (420, "permissions"),
)
KINDS: dict[tuple[int, str], type[IbwireError]] = {
    **{(code, ""): ex.OrderChangeRefused for code in CHANGE_REFUSED},
    **dict.fromkeys(DATA_PERMISSION, ex.NoMarketDataPermission),
    (162, "no market data permissions"): ex.NoMarketDataPermission,
    (10189, "no market data permissions"): ex.NoMarketDataPermission,
    **{(code, "hmds server disconnect"): ex.DataFarmDown for code in (162, 10187, 10188)},
    (162, "query cancelled"): ex.RequestCancelled,
    (162, "scanner subscription cancelled"): ex.RequestCancelled,
    (502, ""): ex.ConnectionRefused,
    (504, ""): ex.NotConnected,
    (520, ""): ex.ConnectionRefused,
    (585, ""): ex.InvalidRequest,
    (586, ""): ex.NotConnected,
}
"""The rows that raise another class than their combination does."""

RETRYABLE_KINDS = {
    *(ex.ConnectionLost, ex.ConnectionRefused, ex.NotConnected, ex.ClientIdInUse, ex.GatewayOffline, ex.DataFarmDown),
    *(ex.PacingViolation, ex.SubscriptionLimitReached, ex.DuplicateRequest, ex.CompetingSession, ex.SubscriptionEnded),
    ex.ServerError,
}

RETRYABLE = {
    **dict.fromkeys((366, 395, 396, 397, 415, 438, 444, 506, 2102, 10006, 10168, 10230), True),
    **dict.fromkeys((320, 331), False),
}
"""The codes whose general row is retryable, or not, whatever the class says."""


def named(rule: ErrorRule) -> str:
    return f"{rule.code}-{rule.text_contains}"


def rule(code: int = UNKNOWN, **changes: object) -> ErrorRule:
    fields: dict[str, object] = {
        "code": code,
        "scope": Scope.REQUEST,
        "category": Category.NO_PERMISSION,
        "action": Action.FAIL_REQUEST,
        "meaning": "ours",
    }
    return ErrorRule(**{**fields, **changes})  # type: ignore[arg-type]


# --- every row that ships


@pytest.mark.parametrize("row", RULES, ids=named)
def test_every_row_leads_to_its_class_its_hint_and_its_consequences(row: ErrorRule) -> None:
    outcome = OUTCOMES[f"{row.scope} {row.category} {row.action}"]
    kind = KINDS.get((row.code, row.text_contains), outcome.kind)
    is_retryable = kind in RETRYABLE_KINDS
    if not row.text_contains:
        is_retryable = RETRYABLE.get(row.code, is_retryable)
    text = f"IBKR says: {row.text_contains.upper()}!"

    assert ERROR_TABLE.find(row.code, text) is row
    error = ERROR_TABLE.exception_for(row.code, text, request="the request")
    assert type(error) is kind
    assert (error.code, error.message, error.request) == (row.code, text, "the request")
    assert error.retryable is row.is_retryable is is_retryable
    assert error.hint
    assert row.advice
    assert row.meaning
    assert row.sources


@pytest.mark.parametrize("row", RULES, ids=named)
def test_every_row_ends_what_its_combination_ends(row: ErrorRule) -> None:
    outcome = OUTCOMES[f"{row.scope} {row.category} {row.action}"]
    assert ERROR_TABLE.ends_request(row.code, row.text_contains) is outcome.ends_request
    assert ERROR_TABLE.ends_request(row.code, row.text_contains, is_stream=True) is outcome.ends_stream
    verdicts = {
        is_working: ERROR_TABLE.order_verdict(row.code, row.text_contains, is_working=is_working)
        for is_working in (False, True)
    }
    # 202 says that the order is cancelled, whatever the reason in its text.
    working = REJECTED if row.code == 202 and row.text_contains else outcome.working_order
    assert verdicts == {False: outcome.new_order, True: working}
    for is_working, verdict in verdicts.items():
        ends = ERROR_TABLE.ends_order(row.code, row.text_contains, is_working=is_working)
        assert ends is (verdict in (REJECTED, CANCELLED))


def test_every_combination_written_out_here_occurs() -> None:
    assert set(OUTCOMES) == {f"{row.scope} {row.category} {row.action}" for row in RULES}


@pytest.mark.parametrize("row", RULES, ids=named)
def test_every_row_about_an_order_is_an_order_error_that_fits_the_verdict(row: ErrorRule) -> None:
    fitting: dict[OrderVerdict, tuple[type[IbwireError], ...]] = {
        KEEP: (ex.OrderError,),
        REJECTED: (ex.OrderRejected, ex.DuplicateOrderId),
        CANCELLED: (ex.OrderCancelled,),
        RECONCILE: (ex.OrderUnconfirmed, ex.OrderNotFound, ex.OrderChangeRefused, ex.DuplicateOrderId),
    }
    for is_working in (False, True):
        verdict = ERROR_TABLE.order_verdict(row.code, row.text_contains, is_working=is_working)
        error = ERROR_TABLE.order_exception_for(row.code, row.text_contains, is_working=is_working)
        assert isinstance(error, ex.OrderError)
        assert isinstance(error, fitting[verdict])
        assert not (verdict is KEEP and isinstance(error, (ex.OrderRejected, ex.OrderCancelled, ex.OrderUnconfirmed)))
        assert not (isinstance(error, ex.OrderUnconfirmed) and error.retryable)
        assert error.hint


def test_the_file_has_no_row_twice_and_general_rows_last() -> None:
    lines = (ROOT / "src" / "ibwire" / "error_codes.tsv").read_text("utf-8").splitlines()
    rows = [tuple(line.split("\t")[:2]) for line in lines[1:]]
    assert len(set(rows)) == len(rows) == len(RULES)
    assert rows == [(str(row.code), row.text_contains) for row in RULES]
    assert all(ERROR_TABLE.rules_of(int(code))[-1].text_contains == "" for code, _ in rows)


# --- the files the table was made from


def shared_rows(name: str) -> list[dict[str, str]]:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("name", ["error_codes.tsv", "error_overloads.tsv"])
def test_the_table_covers_every_row_of_the_shared_files_with_the_same_decision(name: str) -> None:
    ours = {(row.code, row.text_contains): (row.scope, row.category, row.action) for row in RULES}
    rows = shared_rows(name)
    assert rows
    for row in rows:
        key = int(row["code"]), row.get("text_contains", "")
        assert ours[key] == (row["scope"], row["class"], row["action"]), key


# --- what IBKR really sends


HMDS = "Historical Market Data Service error message:"
VALIDATING, PROCESSING = "Error validating request.-'bX' : cause - ", "Error processing request.-'bZ' : cause - "
OTHER_IP = "Trading TWS session is connected from a different IP address"


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (162, f"{HMDS}Historical data request pacing violation", ex.PacingViolation),
        (162, f"{HMDS}HMDS query returned no data: AAPL@SMART Trades", ex.NoData),
        (162, f"{HMDS}No historical market data for EUR/CASH@IDEALPRO Last 0", ex.NoData),
        (162, f"{HMDS}{OTHER_IP}", ex.CompetingSession),
        (10187, "Failed to request historical ticks:Historical data request pacing violation", ex.PacingViolation),
        (10187, f"Failed to request historical ticks:{OTHER_IP}", ex.CompetingSession),
        (
            10187,
            "Failed to request historical ticks:No market data permissions",
            ex.NoMarketDataPermission,
        ),
        (10188, "Failed to request histogram data:HMDS query returned no data: AAPL@SMART", ex.NoData),
        (200, "No security definition has been found for the request", ex.NoSecurityDefinition),
        (200, "The contract description specified for SPY is ambiguous; say the multiplier.", ex.AmbiguousContract),
        (321, f"{VALIDATING}The API interface is currently in Read-Only mode.", ex.ReadOnlyApi),
        (321, f"{VALIDATING}Please enter a valid field", ex.InvalidRequest),
        (322, f"{PROCESSING}Maximum number of account summary requests exceeded", ex.SubscriptionLimitReached),
        (10189, f"Failed to request tick-by-tick data:{OTHER_IP}", ex.CompetingSession),
        (10182, "Failed to request live updates (disconnected).", ex.SubscriptionEnded),
    ],
)
def test_real_texts_lead_to_the_class_that_says_what_happened(code: int, text: str, kind: type[IbwireError]) -> None:
    assert type(ERROR_TABLE.exception_for(code, text)) is kind


def test_our_own_cancels_echo_ends_nothing() -> None:
    assert not ERROR_TABLE.ends_request(162, f"{HMDS}API historical data query cancelled: 5")


@pytest.mark.parametrize(
    "code", [399, 404, 481, 10349, 2109, 105, 329, 440, 2102, 161, 10147, 10148, 135, 136, 104, 10328]
)
def test_neither_warning_nor_refused_change_nor_doubt_ever_ends_an_order(code: int) -> None:
    assert not any(ERROR_TABLE.ends_order(code, "text", is_working=is_working) for is_working in (False, True))


@pytest.mark.parametrize("code", [110, 321, 434, 201, 103, 200])
def test_what_rejects_a_new_order_leaves_a_working_one(code: int) -> None:
    assert ERROR_TABLE.ends_order(code, "text", is_working=False)
    assert not ERROR_TABLE.ends_order(code, "text", is_working=True)


def test_read_only_mode_is_the_same_to_who_catches_orders_and_who_catches_requests() -> None:
    text = f"{VALIDATING}The API interface is currently in Read-Only mode."
    error = ERROR_TABLE.order_exception_for(321, text, is_working=False)
    assert isinstance(error, ex.OrderRejected)
    assert isinstance(error, ex.ReadOnlyApi)
    assert "Read-Only API" in error.hint


def test_validator_refuses_a_new_order_and_only_the_change_of_a_working_one() -> None:
    assert type(ERROR_TABLE.order_exception_for(321, "x", is_working=False)) is ex.OrderRejected
    assert type(ERROR_TABLE.order_exception_for(321, "x", is_working=True)) is ex.OrderChangeRefused


def test_in_doubt_about_an_order_the_advice_is_not_to_send_it_again() -> None:
    error = ERROR_TABLE.order_exception_for(415, "x", is_working=False)  # a request would be told to retry
    assert type(error) is ex.OrderUnconfirmed
    assert (error.retryable, error.hint) == (False, ex.OrderUnconfirmed.hint)


def test_without_a_text_the_exception_says_what_the_code_means() -> None:
    assert ERROR_TABLE.exception_for(101).message == ERROR_TABLE.rule_for(101).meaning


def test_the_decision_table_in_the_docstring_is_what_the_code_does() -> None:
    lines = [line for line in (error_codes.__doc__ or "").splitlines() if line.startswith("    ")]
    cells = {line[4:28].strip(): [line[start : start + 12].strip() for start in (30, 42, 54, 70)] for line in lines[2:]}
    assert list(cells).pop() == "any, with scope system"
    del cells["any, with scope system"]
    written: set[str] = set()
    for names, (one_shot, stream, new, working) in cells.items():
        names = names.replace("reconnect (both)", "reconnect, reconnect_new_client_id")
        for action in map(Action, names.split(", ")):
            table = ErrorTable((rule(category=Category.OTHER, action=action),))
            written.add(action)
            assert table.ends_request(UNKNOWN) is (one_shot == "fails")
            assert table.ends_request(UNKNOWN, is_stream=True) is (stream == "ends")
            expected = "reconcile" if new == "see note 3" else new
            assert table.order_verdict(UNKNOWN, is_working=False) == expected
            assert table.order_verdict(UNKNOWN, is_working=True) == working
    assert written == set(Action)


# --- unknown codes


def unknown_codes() -> st.SearchStrategy[int]:
    return st.integers(-(2**31), 2**31 - 1).filter(lambda code: code not in ERROR_TABLE)


@given(code=unknown_codes(), text=st.text(), is_working=st.booleans())
def test_unknown_code_never_ends_an_order_and_fails_only_requests(code: int, text: str, is_working: bool) -> None:
    table = ERROR_TABLE.copy()
    found = table.rule_for(code, text)
    assert not found.is_known
    assert not table.ends_order(code, text, is_working=is_working)
    assert table.ends_request(code, text) is (code not in WARNING_CODES)
    error = table.exception_for(code, text)
    assert type(error) is ex.RequestFailed
    assert not error.retryable


@given(code=st.integers(-(2**31), 2**31 - 1), text=st.text(), is_working=st.booleans())
def test_no_code_and_no_text_is_too_odd_for_an_answer(code: int, text: str, is_working: bool) -> None:
    table = ERROR_TABLE.copy()
    assert isinstance(table.exception_for(code, text), IbwireError)
    assert isinstance(table.order_exception_for(code, text, is_working=is_working), ex.OrderError)


def test_unknown_code_about_an_order_leaves_it_unconfirmed_not_rejected() -> None:
    for is_working in (False, True):
        error = ERROR_TABLE.copy().order_exception_for(UNKNOWN, "x", is_working=is_working)
        assert type(error) is ex.OrderUnconfirmed


def test_unknown_code_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    table = ERROR_TABLE.copy()
    with caplog.at_level(logging.WARNING, logger="ibwire.error_codes"):
        for code in (UNKNOWN, UNKNOWN, UNKNOWN + 1, UNKNOWN):
            table.ends_request(code)
            table.exception_for(code)
            table.order_verdict(code, is_working=False)
    assert [record.args[0] for record in caplog.records if record.args] == [UNKNOWN, UNKNOWN + 1]  # type: ignore[index]


def test_endless_unknown_codes_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    table = ErrorTable()
    with caplog.at_level(logging.WARNING, logger="ibwire.error_codes"):
        for code in range(20_000, 22_000):
            table.rule_for(code)
    assert len(caplog.records) == 1_000


def test_known_codes_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="ibwire.error_codes"):
        for row in RULES:
            ERROR_TABLE.rule_for(row.code, row.text_contains)
    assert caplog.records == []


# --- changing the table


def test_override_teaches_a_code_and_leaves_other_tables_alone() -> None:
    table = ERROR_TABLE.copy()
    table.override(rule(hint="ask the desk"))
    error = table.exception_for(UNKNOWN, "text")
    assert type(error) is ex.NoPermission
    assert error.hint == "ask the desk"
    assert UNKNOWN in table
    assert UNKNOWN not in ERROR_TABLE


def test_override_replaces_the_row_with_the_same_text_only() -> None:
    table = ERROR_TABLE.copy()
    table.override(replace(table.rule_for(10349), action=Action.RECONCILE))
    table.override(rule(162, text_contains="Pacing Violation", category=Category.PACING, meaning="changed"))
    assert table.order_verdict(10349, is_working=True) is RECONCILE
    assert table.rule_for(162, "a PACING VIOLATION it is").meaning == "changed"
    assert len(table.rules_of(162)) == len(ERROR_TABLE.rules_of(162))
    assert len(list(table.rules())) == len(RULES)


def test_override_with_a_new_text_is_tried_before_the_others_and_general_rows_stay_last() -> None:
    table = ERROR_TABLE.copy()
    table.extend([rule(162, text_contains="data"), rule(162, text_contains="no data"), rule(162, meaning="general")])
    assert [row.text_contains for row in table.rules_of(162)][:2] == ["no data", "data"]
    assert table.rules_of(162)[-1].meaning == "general"
    assert table.rule_for(162, "something else").meaning == "general"


def test_override_of_an_unknown_rule_makes_the_code_known() -> None:
    table = ERROR_TABLE.copy()
    table.override(replace(table.rule_for(UNKNOWN), category=Category.NO_DATA))
    assert table.rule_for(UNKNOWN).is_known
    assert type(table.exception_for(UNKNOWN)) is ex.NoData


def test_code_with_text_rules_only_is_unknown_for_other_texts() -> None:
    table = ErrorTable((rule(text_contains="ours"),))
    assert table.rule_for(UNKNOWN, "this is OURS").is_known
    assert not table.rule_for(UNKNOWN, "something else").is_known


class DeskClosed(ex.NoPermission):
    """A user's own exception."""

    hint = "come back tomorrow"


def test_override_may_raise_a_class_of_the_users() -> None:
    table = ERROR_TABLE.copy()
    table.override(rule(raises=DeskClosed, retryable=True))
    error = table.exception_for(UNKNOWN, "text")
    assert type(error) is DeskClosed
    assert (error.retryable, error.hint) == (True, "come back tomorrow")


@pytest.mark.parametrize(
    ("nonsense", "complaint"),
    [
        (rule(0), "positive whole number"),
        (rule(code="200"), "positive whole number"),
        (rule(code=True), "positive whole number"),
        (rule(text_contains=" pacing"), "without spaces around"),
        (rule(text_contains=None), "without spaces around"),
        (rule(scope="request"), "'request' is no Scope; there are client, order"),
        (rule(category="weird"), "'weird' is no Category"),
        (rule(action=None), "None is no Action"),
        (rule(meaning=""), "must say what the code means"),
        (rule(399, category=Category.ORDER_WARNING, action=Action.REJECT_ORDER), "a warning never ends anything"),
        (rule(scope=Scope.SYSTEM, action=Action.FAIL_REQUEST), "about no request and no order"),
        (rule(raises=ValueError), "is no IbwireError"),
        (rule(raises="NoData"), "is no IbwireError"),
        (rule(raises=ex.ProtocolError), "that takes message, code"),
        ({"code": 1}, "is no ErrorRule"),
    ],
)
def test_override_with_nonsense_says_what_is_wrong_and_changes_nothing(nonsense: ErrorRule, complaint: str) -> None:
    table = ERROR_TABLE.copy()
    with pytest.raises(ConfigurationError, match=complaint):
        table.extend([rule(), nonsense])
    assert tuple(table.rules()) == RULES


# --- table files


def tsv(*cells: str) -> str:
    return "\t".join(COLUMNS) + "\n" + "\t".join(cells) + "\n"


def test_rules_from_tsv_reads_what_the_columns_say() -> None:
    text = tsv("7", "abc", "order", "no_permission", "reject_order", "OrderRejected", "yes", "do", "means", "desk")
    assert rules_from_tsv(text) == [
        rule(
            7,
            text_contains="abc",
            scope=Scope.ORDER,
            action=Action.REJECT_ORDER,
            raises=ex.OrderRejected,
            retryable=True,
            hint="do",
            meaning="means",
            sources="desk",
        )
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: the columns must be code, text_contains"),
        ("code\tscope\n", "line 1: the columns must be code, text_contains"),
        (tsv("7", "short"), "line 2: "),
        (tsv("seven", "", "order", "rate", "log", "", "", "", "m", ""), "line 2: .*'seven'"),
        (tsv("7", "", "galaxy", "rate", "log", "", "", "", "m", ""), "line 2: 'galaxy' is not a valid Scope"),
        (tsv("7", "", "order", "rate", "log", "NoSuchClass", "", "", "m", ""), "line 2: .*NoSuchClass"),
        (tsv("7", "", "order", "rate", "log", "", "maybe", "", "m", ""), "line 2: 'maybe'"),
    ],
)
def test_rules_from_tsv_names_the_line_it_cannot_read(text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        rules_from_tsv(text)


# --- the page in the docs


def test_the_page_in_the_docs_is_current_and_a_stale_one_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "generate_error_docs.py"))
    assert tool["main"](["--check"]) == 0, "run python tools/generate_error_docs.py"

    stale = tmp_path / "error-codes.md"
    monkeypatch.setitem(tool["main"].__globals__, "PAGE", stale)
    monkeypatch.setitem(tool["main"].__globals__, "ROOT", tmp_path)
    stale.write_text("old", "utf-8")
    assert tool["main"](["--check"]) == 1
    assert "error-codes.md is stale" in capsys.readouterr().err
    assert tool["main"]([]) == 0
    assert tool["main"](["--check"]) == 0


def test_the_examples_in_the_docs_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "error-codes.md").read_text("utf-8")
    example = page.split("```python\n", 1)[1].split("```", 1)[0]
    (tmp_path / "our_codes.tsv").write_text(
        tsv("10998", "", "request", "no_data", "fail_request", "", "", "", "ours", ""), "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(error_codes, "ERROR_TABLE", ERROR_TABLE.copy())
    names: dict[str, object] = {}
    exec(compile(example, "docs/error-codes.md", "exec"), names)
    table = names["ERROR_TABLE"]
    assert isinstance(table, ErrorTable)
    assert {10998, 10999} <= {row.code for row in table.rules()}
    assert table.order_verdict(10349, is_working=True) is RECONCILE
