"""The two hellos, and the choice of the server version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import HandshakeFailed, ProtocolError, UnsupportedServerVersion
from ibwire.wire.handshake import (
    MAX_SERVER_VERSION,
    MIN_SERVER_VERSION,
    ClientHello,
    ServerHello,
    choose_version,
    encode_client_hello,
    encode_server_hello,
    parse_client_hello,
    parse_server_hello,
)
from tests.helpers.campaigns import campaign

versions = st.integers(0, 999_999_999)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def test_server_hello_is_a_frame_of_version_and_time() -> None:
    hello = ServerHello(226, "20260405 23:49:26 US/Eastern")
    assert encode_server_hello(hello) == b"\x00\x00\x00\x21226\x0020260405 23:49:26 US/Eastern\x00"


@pytest.mark.parametrize("version", [213, 214, 225, 226])
def test_server_hello_of_a_version_in_range_is_accepted(version: int) -> None:
    text = f"{version}\x0020260405 23:49:26 US/Eastern\0"
    assert parse_server_hello(text) == ServerHello(version, "20260405 23:49:26 US/Eastern")


@pytest.mark.parametrize(
    "zone", ["US/Eastern", "Mitteleuropäische Zeit", "中国标准时间", "GMT+02:00", "", "Mitteleurop\ufffdische Zeit"]
)
def test_server_hello_may_name_its_zone_in_any_language(zone: str) -> None:
    assert parse_server_hello(f"226\x0020260405 23:49:26 {zone}\0").connection_time == f"20260405 23:49:26 {zone}"


@pytest.mark.parametrize("version", [0, 100, 157, 178, 212])
def test_gateway_that_is_too_old_is_refused_with_both_versions(version: int) -> None:
    with pytest.raises(UnsupportedServerVersion) as refused:
        parse_server_hello(f"{version}\x0020260405 23:49:26 EST\0")
    assert f"version {version};" in refused.value.message
    assert str(MIN_SERVER_VERSION) in refused.value.message
    assert "10.44" in refused.value.hint
    assert not refused.value.retryable


@pytest.mark.parametrize("version", [227, 999, 999_999_999])
def test_version_above_the_offer_is_no_answer_of_a_gateway(version: int) -> None:
    with pytest.raises(HandshakeFailed, match=f"{version}.*{MAX_SERVER_VERSION}"):
        parse_server_hello(f"{version}\x0020260405 23:49:26 EST\0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "226",
        "226\0",
        "226\x00now",
        "226\x00now\x00more",
        "226\x00now\0\0",
        "\x00now\0",
        "+226\x00now\0",
        "-1\x00now\0",
        "22 6\x00now\0",
        " 226\x00now\0",
        "226.0\x00now\0",
        "٢٢٦\x00now\0",
        "2²6\x00now\0",
        "0000000226\x00now\0",
        "v226\x00now\0",
        "HTTP/1.1 400 Bad Request\r\n",
    ],
)
def test_text_that_is_no_version_and_time_fails_the_handshake(text: str) -> None:
    with pytest.raises(HandshakeFailed) as failed:
        parse_server_hello(text)
    assert repr(text[:60]) in failed.value.message
    assert "TLS" in failed.value.hint


@given(text=texts | st.builds("{}\0{}\0".format, versions, texts))
@campaign(part=60, full=400)
def test_any_server_text_is_a_hello_or_one_of_two_errors(text: str) -> None:
    try:
        hello = parse_server_hello(text)
    except (HandshakeFailed, UnsupportedServerVersion):
        return
    assert MIN_SERVER_VERSION <= hello.server_version <= MAX_SERVER_VERSION
    assert text.endswith(f"{hello.server_version}\0{hello.connection_time}\0")


def test_client_hello_is_a_prefix_and_a_frame_with_the_range() -> None:
    assert encode_client_hello(ClientHello(100, 226)) == b"API\0\x00\x00\x00\x09v100..226"
    assert encode_client_hello(ClientHello(213, 225, "+PACEAPI")) == b"API\0\x00\x00\x00\x12v213..225 +PACEAPI"


@pytest.mark.parametrize(
    ("text", "hello"),
    [
        ("v100..226", ClientHello(100, 226)),
        ("v213..225 +PACEAPI", ClientHello(213, 225, "+PACEAPI")),
        ("v157..178 a b\nc", ClientHello(157, 178, "a b\nc")),
        ("v200", ClientHello(200, 200)),
        ("v200 +PACEAPI", ClientHello(200, 200, "+PACEAPI")),
        ("v100..226 ", ClientHello(100, 226)),
        ("v0..0", ClientHello(0, 0)),
    ],
)
def test_client_hello_is_read_as_its_senders_write_it(text: str, hello: ClientHello) -> None:
    assert parse_client_hello(text) == hello


@pytest.mark.parametrize(
    "text", ["", "v", "100..226", "v100...226", "v100..", "v..226", "v-1..2", "v100..226+PACEAPI", "V100..226", "v1e3"]
)
def test_client_hello_without_a_range_is_a_protocol_error(text: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_client_hello(text)
    assert repr(text) in refused.value.message


@given(low=versions, high=versions, options=texts)
@campaign(part=60, full=400)
def test_client_hello_comes_back_as_it_was_sent(low: int, high: int, options: str) -> None:
    hello = ClientHello(low, high, options)
    assert parse_client_hello(encode_client_hello(hello)[8:].decode()) == hello


@given(text=texts | st.builds("v{}..{}{}".format, versions, versions, texts))
@campaign(part=60, full=400)
def test_any_client_text_is_a_hello_or_a_protocol_error(text: str) -> None:
    try:
        hello = parse_client_hello(text)
    except ProtocolError:
        return
    assert text.startswith("v")
    assert text.endswith(hello.options)


@pytest.mark.parametrize(
    ("offer", "ours", "chosen"),
    [
        ((100, 226), (213, 226), 226),
        ((100, 220), (213, 226), 220),
        ((100, 300), (213, 226), 226),
        ((213, 213), (213, 226), 213),
        ((226, 226), (100, 226), 226),
        ((157, 178), (213, 226), None),
        ((227, 230), (213, 226), None),
        ((226, 213), (213, 226), None),
    ],
)
def test_server_chooses_the_highest_version_both_speak(
    offer: tuple[int, int], ours: tuple[int, int], chosen: int | None
) -> None:
    assert choose_version(ClientHello(*offer), *ours) == chosen
