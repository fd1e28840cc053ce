"""Settings refuse what cannot work, all of it at once."""

from __future__ import annotations

import pytest

from ibwire.exceptions import ConfigurationError
from ibwire.settings import ConnectionSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", ""),
        ("port", 0),
        ("port", 65536),
        ("client_id", -1),
        ("client_id", 2**31),
        ("connect_timeout_s", 0),
        ("connect_timeout_s", float("inf")),
        ("request_timeout_s", -1.0),
        ("request_timeout_s", float("nan")),
        ("stream_bound", 0),
    ],
)
def test_settings_with_an_impossible_value_name_it(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=name):
        ConnectionSettings(**{name: value})  # type: ignore[arg-type]


def test_settings_with_several_impossible_values_name_all_of_them() -> None:
    with pytest.raises(ConfigurationError) as caught:
        ConnectionSettings(host="", port=99999, client_id=-7)
    assert all(part in str(caught.value) for part in ("host is empty", "port is 99999", "client_id is -7"))
