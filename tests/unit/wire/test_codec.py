"""Records to frames and back, for every message in both directions, and records that cannot be sent."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import InvalidMessage
from ibwire.wire import ClientProtocol, ServerProtocol, encode
from ibwire.wire import messages as m
from ibwire.wire.handshake import ClientHello, ServerHello, encode_client_hello, encode_server_hello
from ibwire.wire.ids import INCOMING, OUTGOING, BondContractData
from tests.helpers.campaigns import campaign

Record = type[msgspec.Struct]

INT64 = {
    "CurrentTime.current_time",
    "CurrentTimeInMillis.current_time_in_millis",
    "ErrorMessage.error_time",
    "Execution.perm_id",
    "HistoricalTick.time",
    "HistoricalTickBidAsk.time",
    "HistoricalTickLast.time",
    "Order.parent_perm_id",
    "Order.perm_id",
    "OrderBound.perm_id",
    "OrderStatus.perm_id",
    "RealTimeBarTick.time",
    "ScannerSubscription.above_volume",
    "ScannerSubscription.average_option_volume_above",
    "TickNews.timestamp",
}
"""The integers with 64 bits; all others have 32."""

KEEPS_FALSE = {"OrderCondition.is_conjunction_connection", "OrderCondition.is_more"}
ONE_OF = {"TickByTickData": ("historical_tick_last", "historical_tick_bid_ask", "historical_tick_mid_point")}
"""Fields of which a message carries one at most."""

PARTS = sorted(
    (
        kind
        for kind in vars(m).values()
        if inspect.isclass(kind) and kind not in {*INCOMING.values(), *OUTGOING.values()}
    ),
    key=lambda kind: kind.__name__,
)

_texts = st.sampled_from(("", "0", "SMART", "日本€🙂")) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_floats = st.sampled_from((0.0, -0.0, 1.7976931348623157e308)) | st.floats()


def hints(kind: Record) -> dict[str, tuple[Any, bool]]:
    """By field: its type without None, and whether it may be None."""
    found = {}
    for name, hint in get_type_hints(kind).items():
        options = get_args(hint) if get_origin(hint) is UnionType else (hint,)
        found[name] = next(option for option in options if option is not NoneType), NoneType in options
    return found


@cache
def records(kind: Record) -> st.SearchStrategy[Any]:
    """Any record of this kind: every field absent or with any value the wire can carry."""
    fields = {}
    for name, (hint, optional) in hints(kind).items():
        fields[name] = st.none() | values(hint, f"{kind.__name__}.{name}") if optional else values(hint, "")
    alternatives = ONE_OF.get(kind.__name__, ())
    if not alternatives:
        return st.builds(kind, **fields)
    common = {name: strategy for name, strategy in fields.items() if name not in alternatives}
    return st.one_of(st.builds(kind, **common, **{name: fields[name]}) for name in alternatives)


def values(hint: Any, path: str) -> st.SearchStrategy[Any]:
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0], path), max_size=2).map(tuple)
    if get_origin(hint) is dict:
        return st.dictionaries(_texts, _texts, max_size=2)
    if hint is int:
        limit = 2 ** (63 if path in INT64 else 31)
        return st.sampled_from((0, -1, limit - 1, -limit)) | st.integers(-limit, limit - 1)
    simple = {str: _texts, float: _floats, bool: st.booleans()}
    return simple[hint] if hint in simple else records(hint)


def as_sent(value: Any) -> Any:
    """What should arrive, with floats as text so that NaN equals NaN and -0.0 is not 0.0.

    Empty texts and false are left out, as IBKR's client does, but in the configuration messages.
    """
    if isinstance(value, tuple):
        return [as_sent(part) for part in value]
    if not isinstance(value, msgspec.Struct):
        return value if isinstance(value, str | dict | bool | NoneType) else repr(value)
    sent: dict[str, Any] = {}
    for field in msgspec.structs.fields(value):
        given_value = getattr(value, field.name)
        is_given = given_value != "" and given_value is not False
        keeps = type(value).__module__ == m.ConfigRequest.__module__
        keeps = keeps or f"{type(value).__name__}.{field.name}" in KEEPS_FALSE
        sent[field.name] = as_sent(given_value) if is_given or keeps else None
    return type(value), sent


def as_received(value: Any) -> Any:
    if isinstance(value, tuple):
        return [as_received(part) for part in value]
    if isinstance(value, msgspec.Struct):
        names = (field.name for field in msgspec.structs.fields(value))
        return type(value), {name: as_received(getattr(value, name)) for name in names}
    return value if isinstance(value, str | dict | bool | NoneType) else repr(value)


def received(side: ClientProtocol | ServerProtocol, record: msgspec.Struct) -> Any:
    side.receive(encode_server_hello(ServerHello(226, "x")) if isinstance(side, ClientProtocol) else _CLIENT_HELLO)
    (message,) = side.receive(encode(record))
    assert side.error is None
    return message


_CLIENT_HELLO = encode_client_hello(ClientHello(100, 226))


@pytest.mark.parametrize("kind", INCOMING.values(), ids=lambda kind: kind.__name__)
@given(data=st.data())
@campaign(part=3, full=15)
def test_message_of_the_gateway_arrives_as_it_was_sent(kind: Record, data: st.DataObject) -> None:
    record = data.draw(records(kind))
    assert as_received(received(ClientProtocol(), record)) == as_sent(record)


@pytest.mark.parametrize("kind", OUTGOING.values(), ids=lambda kind: kind.__name__)
@given(data=st.data())
@campaign(part=3, full=15)
def test_message_of_the_client_arrives_as_it_was_sent(kind: Record, data: st.DataObject) -> None:
    record = data.draw(records(kind))
    assert as_received(received(ServerProtocol(), record)) == as_sent(record)


def test_frame_carries_the_id_plus_200_and_the_fields() -> None:
    assert encode(m.NextValidId(7)) == b"\x00\x00\x00\x06\x00\x00\x00\xd1\x08\x07"
    assert encode(m.OpenOrdersRequest()) == b"\x00\x00\x00\x04\x00\x00\x00\xcd"


def test_contract_and_bond_contract_data_differ_by_their_id_alone() -> None:
    contract, bond = encode(m.ContractData(req_id=3)), encode(BondContractData(req_id=3))
    assert (contract[4:8], bond[4:8]) == (b"\x00\x00\x00\xd2", b"\x00\x00\x00\xda")
    assert contract[:4] + contract[8:] == bond[:4] + bond[8:]


def test_zero_is_sent_while_empty_text_and_false_are_left_out() -> None:
    nothing = m.AccountDataRequest()
    assert encode(m.AccountDataRequest(subscribe=False, acct_code="")) == encode(nothing)
    assert encode(m.NextValidId(0)) != encode(m.NextValidId())
    assert encode(m.TickPrice(price=0.0)) != encode(m.TickPrice())


def test_configuration_is_sent_as_given_with_empty_text_and_false() -> None:
    settings = m.ApiSettingsConfig(read_only_api=False, logging_level="")
    sent = m.UpdateConfigRequest(api=m.ApiConfig(settings=settings), reset_api_order_sequence=False)
    assert received(ServerProtocol(), sent) == sent


def broken_values(kind: Record, seen: set[Record], *, kinds_of_wrong: int = 9) -> Iterator[tuple[str, Any]]:
    """Every field of a record, and of the records in it, with values it cannot carry: path and record."""
    for name, (hint, _) in hints(kind).items():
        inner = get_args(hint)[0] if get_origin(hint) is tuple else hint
        for value in _wrong(inner, f"{kind.__name__}.{name}")[:kinds_of_wrong]:
            given_value = (value,) if get_origin(hint) is tuple else value
            yield f"{kind.__name__}.{name} = {given_value!r}", kind(**{name: given_value})
        if inspect.isclass(inner) and issubclass(inner, msgspec.Struct) and inner not in seen:
            seen.add(inner)
            for path, part in broken_values(inner, seen, kinds_of_wrong=1):
                parts = (inner(), part) if get_origin(hint) is tuple else part
                yield f"{kind.__name__}.{name}: {path}", kind(**{name: parts})


def _wrong(hint: Any, path: str) -> list[Any]:
    if hint is int:
        limit = 2 ** (63 if path in INT64 else 31)
        return [limit, -limit - 1, 2**200, 1.5, "7", "x"]
    if get_origin(hint) is dict:
        return [{"tag": 7}, {7: "value"}, {"tag": "\ud800"}, {"\udfff": "value"}, "tag"]
    simple = {str: [7, 1.5, "\ud800", "a\udfffb", b"\xff"], float: ["x", "1.5", b"1", 10**400], bool: ["yes", 1.5]}
    return simple.get(hint, ["AAPL", 7])


@pytest.mark.parametrize(
    "kind", dict.fromkeys([*INCOMING.values(), *OUTGOING.values()]), ids=lambda kind: kind.__name__
)
def test_value_the_wire_cannot_carry_is_refused_with_its_field_and_value(kind: Record) -> None:
    for path, record in broken_values(kind, set()):
        with pytest.raises(InvalidMessage) as refused:
            encode(record)
        assert refused.value.message.startswith(f"{path}: ")


def test_bad_value_in_a_list_of_a_nested_record_is_refused_with_its_path() -> None:
    legs = (m.ComboLeg(ratio=1), m.ComboLeg(ratio=2**31))
    with pytest.raises(InvalidMessage) as refused:
        encode(m.PlaceOrderRequest(order_id=1, contract=m.Contract(symbol="AAPL", combo_legs=legs)))
    path = "PlaceOrderRequest.contract: Contract.combo_legs: ComboLeg.ratio = 2147483648"
    assert refused.value.message.startswith(path)
    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize("kind", PARTS, ids=lambda kind: kind.__name__)
def test_mere_part_of_a_message_is_refused(kind: Record) -> None:
    with pytest.raises(InvalidMessage, match=rf"{kind.__name__} is not a message that can be sent on its own"):
        encode(kind())


@pytest.mark.parametrize("thing", [None, "NextValidId", 7, m.NextValidId, ServerHello(226, "x")])
def test_thing_that_is_no_message_is_refused(thing: Any) -> None:
    with pytest.raises(InvalidMessage):
        encode(thing)


def test_missing_list_is_blamed_on_its_own_field() -> None:
    with pytest.raises(InvalidMessage, match=r"PlaceOrderRequest\.contract: Contract\.combo_legs = None"):
        encode(m.PlaceOrderRequest(order_id=1, contract=m.Contract(combo_legs=None)))  # type: ignore[arg-type]


def test_message_too_long_for_a_frame_is_refused() -> None:
    with pytest.raises(InvalidMessage, match=r"ScannerParameters takes 16777221 bytes; a frame holds 16777216"):
        encode(m.ScannerParameters("x" * 16 * 1024 * 1024))
