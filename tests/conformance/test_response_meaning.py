"""Same meaning as IBKR's client: what a gateway sends, decoded by us, equals what IBKR's decoder hands to `EWrapper`.

Random content, built with IBKR's protobuf classes, goes through IBKR's decoder and through our `ClientProtocol` as a
whole frame. Compared are the protobuf message IBKR hands out, field by field, and its classic callbacks, attribute by
attribute; what those should be is told from our record alone (`meaning_expected`, `meaning_objects`).
"""

from __future__ import annotations

from itertools import count

import msgspec
import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given
from hypothesis import strategies as st
from ibapi.const import UNSET_DOUBLE, UNSET_INTEGER
from ibapi.ticktype import TickTypeEnum

from ibwire.wire import encode_frame
from ibwire.wire.ids import INCOMING, PROTOBUF_OFFSET, TEXT_ONLY, Incoming
from ibwire.wire.messages import NextValidId
from tests.conformance.meaning_expected import EXPECTED
from tests.conformance.meaning_objects import SHAPES, Shape
from tests.conformance.meaning_official import (
    HANDLERS,
    call_data,
    connected,
    decoded,
    message_data,
    official_calls,
    official_class,
    record_data,
    snake,
)
from tests.conformance.meaning_strategies import CONDITION_TYPES, EXTREMES, extreme_message, full_message, messages
from tests.helpers.campaigns import campaign

EVERY_MESSAGE = [pytest.param(number, id=f"{number}-{number.name}") for number in Incoming if number in HANDLERS]
UNKNOWN_TO_BOTH = (199, 999, *(PROTOBUF_OFFSET + number for number in TEXT_ONLY))


def assert_same_meaning(number: Incoming, message: Message) -> None:
    payload = message.SerializeToString()
    record = decoded(number, payload)
    raw, classic = official_calls(number, payload)
    assert type(record) is INCOMING[number]
    ((_, (handed_out,)),) = raw
    assert record_data(record) == message_data(handed_out)
    assert call_data(EXPECTED[number](record)) == call_data(classic)


@pytest.mark.parametrize("number", EVERY_MESSAGE)
@given(data=st.data())
@campaign(part=10, full=50)
def test_random_message_means_the_same_to_both(number: Incoming, data: st.DataObject) -> None:
    assert_same_meaning(number, data.draw(messages(official_class(number))))


@pytest.mark.parametrize("number", EVERY_MESSAGE)
def test_message_with_every_field_means_the_same_to_both(number: Incoming) -> None:
    for start in range(6):
        assert_same_meaning(number, full_message(official_class(number), count(start)))


@pytest.mark.parametrize("number", EVERY_MESSAGE)
def test_message_with_extreme_values_means_the_same_to_both(number: Incoming) -> None:
    for which in range(EXTREMES):
        assert_same_meaning(number, extreme_message(official_class(number), which))


@pytest.mark.parametrize("number", EVERY_MESSAGE)
def test_message_without_any_field_means_the_same_to_both(number: Incoming) -> None:
    assert_same_meaning(number, official_class(number)())


@pytest.mark.parametrize("number", EVERY_MESSAGE)
def test_message_that_lacks_one_field_means_the_same_to_both(number: Incoming) -> None:
    for field in official_class(number).DESCRIPTOR.fields:
        message = full_message(official_class(number), count(1))
        message.ClearField(field.name)
        assert_same_meaning(number, message)


@pytest.mark.parametrize(
    "number", [Incoming.TICK_PRICE, Incoming.TICK_SIZE, Incoming.TICK_GENERIC, Incoming.TICK_STRING]
)
def test_tick_of_every_type_means_the_same_to_both(number: Incoming) -> None:
    for tick_type in range(TickTypeEnum.NOT_SET + 2):
        message = full_message(official_class(number), count(1))
        message.tickType = tick_type
        assert_same_meaning(number, message)


@pytest.mark.parametrize("value", [-2.0, -1.0, -0.5, 0.0, UNSET_DOUBLE])
def test_not_computed_option_values_mean_the_same_to_both(value: float) -> None:
    message = full_message(official_class(Incoming.TICK_OPTION_COMPUTATION), count(1))
    for field, _ in message.ListFields():
        if field.type == field.TYPE_DOUBLE:
            setattr(message, field.name, value)
    assert_same_meaning(Incoming.TICK_OPTION_COMPUTATION, message)


@pytest.mark.parametrize("part", ["historicalTickLast", "historicalTickBidAsk", "historicalTickMidPoint"])
@pytest.mark.parametrize("tick_type", range(6))
def test_tick_by_tick_with_any_part_for_its_type_means_the_same_to_both(tick_type: int, part: str) -> None:
    kind = official_class(Incoming.TICK_BY_TICK)
    field = kind.DESCRIPTOR.fields_by_name[part]
    message = kind(reqId=1, tickType=tick_type)
    getattr(message, part).CopyFrom(full_message(GetMessageClass(field.message_type), count(2)))
    assert_same_meaning(Incoming.TICK_BY_TICK, message)


@pytest.mark.parametrize("own_id", [None, 0, 7])
@pytest.mark.parametrize("order_id", [None, 0, 5, UNSET_INTEGER])
def test_order_id_comes_from_the_order_or_else_the_message(order_id: int | None, own_id: int | None) -> None:
    message = full_message(official_class(Incoming.OPEN_ORDER), count(1))
    for part, value in ((message, order_id), (message.order, own_id)):
        part.ClearField("orderId")
        if value is not None:
            part.orderId = value
    assert_same_meaning(Incoming.OPEN_ORDER, message)


@pytest.mark.parametrize("number", [Incoming.CONTRACT_DATA, Incoming.BOND_CONTRACT_DATA])
@pytest.mark.parametrize("text", ["", "-", "20260618", "20260618 08:30", "20260618 08:30 US/Central", "2026-06-18-x"])
def test_last_trade_date_with_time_and_zone_means_the_same_to_both(text: str, number: Incoming) -> None:
    message = full_message(official_class(number), count(1))
    message.contract.lastTradeDateOrContractMonth = text
    assert_same_meaning(number, message)


@pytest.mark.parametrize("number", [Incoming.OPEN_ORDER, Incoming.COMPLETED_ORDER])
def test_conditions_of_every_type_mean_the_same_to_both(number: Incoming) -> None:
    message = full_message(official_class(number), count(1))
    kind = type(message.order.conditions[0])
    message.order.ClearField("conditions")
    for condition_type in (*CONDITION_TYPES, 2, 99):
        condition = full_message(kind, count(condition_type))
        condition.type = condition_type
        message.order.conditions.append(condition)
    message.order.conditions.add()
    assert_same_meaning(number, message)


@pytest.mark.parametrize("code", ["None", "N", "Y", *(f"00{number}" for number in range(9))])
def test_fund_codes_mean_the_same_to_both(code: str) -> None:
    message = full_message(official_class(Incoming.CONTRACT_DATA), count(1))
    message.contractDetails.fundAssetType = message.contractDetails.fundDistributionPolicyIndicator = code
    assert_same_meaning(Incoming.CONTRACT_DATA, message)


@pytest.mark.parametrize("code", [-1, 0, 1, 2, 3, 100, 101, 102, 103, 200])
def test_exercise_codes_mean_the_same_to_both(code: int) -> None:
    message = full_message(official_class(Incoming.EXECUTION_DATA), count(1))
    message.execution.optExerciseOrLapseType = code
    assert_same_meaning(Incoming.EXECUTION_DATA, message)


@pytest.mark.parametrize("number", EVERY_MESSAGE)
def test_fields_of_a_later_version_change_nothing(number: Incoming) -> None:
    payload = full_message(official_class(number), count(1)).SerializeToString()
    unknown = b"\xfa\xff\x03\x05later"  # field 8191, length-delimited
    assert decoded(number, payload + unknown) == decoded(number, payload)


def test_every_message_of_the_official_decoder_has_a_record_and_an_expectation() -> None:
    assert set(EXPECTED) == set(INCOMING) == set(HANDLERS)
    assert set(Incoming) - set(INCOMING) == TEXT_ONLY


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.kind.__name__)
def test_every_attribute_and_every_field_of_an_object_is_accounted_for(shape: Shape) -> None:
    attributes = set(vars(shape.kind()))
    fields = {field.name for field in msgspec.structs.fields(shape.record)}
    compared = {shape.renamed.get(name) or snake(name) for name in attributes - set(shape.derived) - set(shape.absent)}
    compared.update(field for _, inputs in shape.derived.values() for field in inputs)
    assert set(shape.renamed) | set(shape.derived) | set(shape.absent) <= attributes
    assert compared | set(shape.unread) == fields
    assert not compared & set(shape.unread)


@pytest.mark.parametrize("wire_id", sorted({*TEXT_ONLY, *UNKNOWN_TO_BOTH}))
@pytest.mark.parametrize("payload", [b"", b"1\0002\000text\0", b"\xff" * 40], ids=["empty", "text", "no-protobuf"])
def test_frame_without_a_message_is_skipped_whole_and_counted(wire_id: int, payload: bytes) -> None:
    protocol = connected()
    next_id = encode_frame(Incoming.NEXT_VALID_ID + PROTOBUF_OFFSET, b"\x08\x07")
    received = protocol.receive(next_id + encode_frame(wire_id, payload) * 2 + next_id)
    assert received == [NextValidId(7), NextValidId(7)]
    assert protocol.skipped == {wire_id: 2}
    assert protocol.error is None
