"""A `.env` file is read as it stands, and nothing wrong with it passes unseen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import ConfigurationError
from ibwire.settings import ConnectionSettings, Settings, variables_of
from tests.helpers.campaigns import campaign


def read(file: Path, content: str | bytes) -> Settings:
    """Settings from a file with this content and an empty environment."""
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return Settings.from_env({}, env_file=file)


def problems(file: Path, content: str | bytes) -> list[str]:
    """What the settings say against the file, with FILE for its path."""
    with pytest.raises(ConfigurationError) as caught:
        read(file, content)
    lines = caught.value.message.replace(str(file), "FILE").splitlines()
    return lines if len(lines) == 1 else [line.strip() for line in lines[1:]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.env"


@pytest.mark.parametrize(
    "content",
    [
        "IBWIRE_CONNECTION_PORT=4001",
        "IBWIRE_CONNECTION_PORT = 4001   # live\n",
        "export IBWIRE_CONNECTION_PORT='4001'\n",
        'IBWIRE_CONNECTION_PORT="4001"\r\n',
        "# a comment\n\nPATH=/bin\nVERBOSE\nIBWIRE_CONNECTION_PORT=4001\n",
        b"\xef\xbb\xbfIBWIRE_CONNECTION_PORT=4001\n",
    ],
    ids=["plain", "blanks and comment", "export and quotes", "double quotes and CRLF", "others' lines", "BOM"],
)
def test_a_file_as_people_write_it_is_understood(file: Path, content: str | bytes) -> None:
    assert read(file, content).connection == ConnectionSettings(port=4001)


def test_nothing_is_filled_in(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY", "tws.example.com")
    (problem,) = problems(file, "IBWIRE_CONNECTION_HOST=${GATEWAY}\n")
    assert problem.startswith("IBWIRE_CONNECTION_HOST='${GATEWAY}' (FILE line 1): allowed are host names")


def test_a_wrong_value_is_named_with_its_line(file: Path) -> None:
    assert problems(file, "\n# ports\n\nIBWIRE_CONNECTION_PORT=70000\n") == [
        "IBWIRE_CONNECTION_PORT='70000' (FILE line 4): allowed are 1 to 65535"
    ]


def test_everything_wrong_with_a_file_is_reported_at_once(file: Path) -> None:
    content = (
        "IBWIRE_CONNECTION_PORT\n"
        "this is no setting\n"
        "IBWIRE_TRADING_ACCOUNT='DU1234567\n"
        "IBWIRE_CONNECTION_CLIENT_ID=1\n"
        "IBWIRE_CONNECTION_CLIENT_ID=2\n"
        "IBWIRE_CLIENT_ID=3\n"
        "IBWIRE_RATE_LIMIT_MARKET_DATA_LINES=10\n"
    )
    assert problems(file, content) == [
        "IBWIRE_CONNECTION_PORT (FILE line 1): has no value; allowed are lines NAME=value",
        "FILE line 2: is not NAME=value",
        "FILE line 3: is not NAME=value",
        "IBWIRE_CONNECTION_CLIENT_ID (FILE lines 4 and 5): is set twice",
        (
            "IBWIRE_RATE_LIMIT_RESERVED_MESSAGES='5' (the default): allowed are 0 to 3, since "
            "IBWIRE_RATE_LIMIT_MARKET_DATA_LINES='10' (FILE line 7) and "
            "IBWIRE_RATE_LIMIT_SAFETY_MARGIN='0.1' (the default) allow 4 a second"
        ),
        "IBWIRE_CLIENT_ID=*** (FILE line 6): is no setting; the nearest is IBWIRE_CONNECTION_CLIENT_ID",
    ]


def test_a_wrong_value_that_the_environment_overrides_does_no_harm(file: Path) -> None:
    file.write_text("IBWIRE_CONNECTION_PORT=70000\n")
    settings = Settings.from_env({"IBWIRE_CONNECTION_PORT": "4001"}, env_file=file)
    assert settings.connection.port == 4001


def test_problems_of_file_and_environment_come_together(file: Path) -> None:
    file.write_text("IBWIRE_CONNECTION_PORT=70000\n")
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env({"IBWIRE_CONNECTION_CLIENT_ID": "x"}, env_file=str(file))
    assert caught.value.message.splitlines()[1:] == [
        f"  IBWIRE_CONNECTION_PORT='70000' ({file} line 1): allowed are 1 to 65535",
        "  IBWIRE_CONNECTION_CLIENT_ID='x': not a whole number; allowed are 0 to 2147483647",
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_file_in_another_encoding_is_refused(file: Path, encoding: str) -> None:
    content = "# Zürich\nIBWIRE_CONNECTION_PORT=4001\n" if encoding == "latin-1" else "IBWIRE_CONNECTION_PORT=4001\n"
    assert problems(file, content.encode(encoding)) == ["FILE: is not UTF-8 text"]


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env({}, env_file=tmp_path)
    assert caught.value.message.startswith(f"{tmp_path}: cannot be read: ")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such mode")
def test_a_file_that_may_not_be_read_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    file.touch()
    monkeypatch.setattr(Path, "read_bytes", refuse)  # the tests may run as root, whom no mode keeps out
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env({}, env_file=file)
    assert caught.value.message == f"{file}: cannot be read: Permission denied"


def test_the_default_file_may_be_missing_but_a_named_one_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.from_env({}) == Settings()
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env({}, env_file="prod.env")
    assert caught.value.message == f"{Path('prod.env').absolute()}: there is no such file"


def test_without_a_file_none_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("IBWIRE_CONNECTION_PORT=4001\n")
    assert Settings.from_env({}, env_file=None) == Settings()
    assert Settings.from_env({}).connection.port == 4001


_names = st.sampled_from([*variables_of().values(), "IBWIRE_X", "ibwire_", "OTHER", ""])
_lines = st.builds("{}{}{}".format, _names, st.sampled_from(["=", " = ", "", "='", '="', "\\"]), st.text(max_size=12))
_contents = st.binary(max_size=200) | st.lists(_lines, max_size=6).map(
    lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")
)


@campaign(part=200, full=5_000)
@given(_contents)
def test_any_file_gives_settings_or_one_configuration_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    try:
        settings = read(tmp_path_factory.getbasetemp() / "any.env", content)
    except ConfigurationError:
        return
    assert isinstance(settings, Settings)
