"""The files of deploy/ as text: they parse, have no keys that nobody knows, and set nothing that ibwire does not have.

No container and no service is started here.
"""

from __future__ import annotations

import configparser
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from dockerfile_parse import DockerfileParser
from dotenv import dotenv_values

from ibwire.settings import Settings, variables_of

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

SERVICE_KEYS = frozenset(
    {"build", "cap_drop", "depends_on", "env_file", "environment", "expose", "image", "init", "logging", "read_only"}
    | {"restart", "security_opt", "stop_grace_period", "tmpfs", "volumes"}
)
"""The keys of a service by the Compose specification, as far as we use them."""

UNIT_KEYS = {
    "Unit": {"After", "Description", "Wants"},
    "Service": {
        *("CapabilityBoundingSet", "Environment", "EnvironmentFile", "ExecStart", "KillSignal", "NoNewPrivileges"),
        *("PrivateTmp", "ProtectHome", "ProtectSystem", "Restart", "RestartSec", "RestrictAddressFamilies"),
        *("StateDirectory", "StateDirectoryMode", "TimeoutStopSec", "Type", "UMask", "User", "WatchdogSec"),
        "WorkingDirectory",
    },
    "Install": {"WantedBy"},
}
"""The keys of systemd.unit, systemd.service, systemd.exec and systemd.kill, as far as we use them."""


def compose() -> dict[str, Any]:
    text: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return text


def instructions() -> list[dict[str, Any]]:
    parser = DockerfileParser(fileobj=io.BytesIO((DEPLOY / "Dockerfile").read_bytes()))
    found: list[dict[str, Any]] = [one for one in parser.structure if one["instruction"] != "COMMENT"]
    return found


def settings_of_the_unit() -> configparser.ConfigParser:
    # A key may come several times: the last is enough for what is asked here, but for Environment.
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DEPLOY / "ibwire.service", encoding="utf-8")
    return unit


def test_dockerfile_has_instructions_only_and_runs_the_service_as_nobody_special() -> None:
    found = instructions()
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"}
    assert {one["instruction"] for one in found} == known
    assert all(one["value"] for one in found)
    by_name = {one["instruction"]: one["value"] for one in found}  # the last of each
    assert by_name["FROM"] == "python:3.12-slim"
    assert json.loads(by_name["ENTRYPOINT"]) == ["ibwire", "run"]
    assert json.loads(by_name["HEALTHCHECK"].partition("CMD ")[2]) == ["ibwire", "run", "--is-healthy"]
    assert "IBWIRE_SERVICE_HEALTH_FILE=/tmp/" in by_name["ENV"], "the one place that may be written beside the volume"
    assert by_name["USER"] == "ibwire"
    assert by_name["STOPSIGNAL"] == "SIGTERM"
    order = [one["instruction"] for one in found]
    assert order.index("USER") > max(index for index, name in enumerate(order) if name in ("RUN", "COPY"))


def test_what_the_dockerfile_copies_is_there_and_is_not_ignored() -> None:
    copied = [one["value"].split()[:-1] for one in instructions() if one["instruction"] == "COPY"]
    sources = [name for names in copied if not names[0].startswith("--from") for name in names]
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source.removeprefix('./')}" in allowed
    assert "pyproject.toml" in sources


def test_compose_has_known_keys_only_and_ships_no_gateway_and_no_secret() -> None:
    file = compose()
    assert set(file) == {"name", "services", "volumes"}
    assert set(file["services"]) == {"gateway", "ibwire"}
    for name, service in file["services"].items():
        assert set(service) <= SERVICE_KEYS, name
        for mount in service.get("volumes", ()):
            assert mount.partition(":")[0] in file["volumes"]
    gateway, ours = file["services"]["gateway"], file["services"]["ibwire"]
    assert re.fullmatch(r"\$\{IB_GATEWAY_IMAGE:\?[^}]+}", gateway["image"]), (
        "an image by name only, of the user's choice"
    )
    assert "build" not in gateway
    assert "environment" not in gateway, "its login comes from a file that is not here"
    assert not [path.name for path in DEPLOY.glob("*.env")], "files with logins are not kept"
    assert (DEPLOY / ours["build"]["context"] / ours["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    assert ours["environment"]["IBWIRE_TRADING_JOURNAL_PATH"].startswith(ours["volumes"][0].partition(":")[2])


def test_unit_has_known_keys_only() -> None:
    unit = settings_of_the_unit()
    assert set(unit.sections()) == set(UNIT_KEYS)
    for section, keys in UNIT_KEYS.items():
        assert set(unit[section]) == keys, section
    assert unit["Service"]["ExecStart"].endswith("/ibwire run")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_unit_but_that_it_is_not_installed() -> None:
    command = ["systemd-analyze", "verify", str(DEPLOY / "ibwire.service")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    complaints = [line for line in result.stderr.splitlines() if "ibwire.service" in line]
    assert [line for line in complaints if "is not executable: No such file" not in line] == []


def test_every_setting_named_in_deploy_is_one_and_its_value_works() -> None:
    known = set(variables_of().values())
    for path in DEPLOY.iterdir():
        named = set(re.findall(r"IBWIRE_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8")))
        assert named <= known, f"{path.name}: {named - known}"
    example = {name: value or "" for name, value in dotenv_values(DEPLOY / "ibwire.env.example").items()}
    environment = {name: str(value) for name, value in compose()["services"]["ibwire"]["environment"].items()}
    environment["IBWIRE_CONNECTION_PORT"] = "4002"  # what ${IB_GATEWAY_PORT:-4002} is by default
    unit = (DEPLOY / "ibwire.service").read_text(encoding="utf-8")
    assigned = dict(re.findall(r"^Environment=(IBWIRE_\w+)=(.*)$", unit, re.MULTILINE))
    for given in (example | environment, example | assigned):
        settings = Settings.from_env(given, env_file=None)
        assert settings.trading.read_only
        assert not settings.trading.allow_live
        assert settings.service.watchlist
        assert settings.watchdog.windows
        assert settings.trading.journal_path.is_absolute()
