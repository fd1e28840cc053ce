"""Whether the built packages are what a user is to get: what is in them, and what they do where nothing else is.

    python -m build && python tools/check_package.py dist

The wheel is installed into an empty environment without extras, the source distribution into another with all of them.
Needs nothing but Python's own library, and pip's index. Ends with exit code 1 and what is wrong.
"""

from __future__ import annotations

import argparse
import email
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHIPPED = {".proto", ".py", ".pyi", ".toml", ".tsv", ".typed"}
"""The kinds of files of src/ibwire that a package has: code, types, schema and tables."""

TIMEOUT_S = 600
PLUGIN_TEST = """
def test_the_fixture_is_there(simulated_gateway):
    assert simulated_gateway.port
"""


class Wrong(Exception):
    """Something about the packages is not as it should be."""


def require(condition: object, complaint: str) -> None:
    if not condition:
        raise Wrong(complaint)


def check_wheel(path: Path, project: dict[str, object]) -> None:
    """The package as it stands in src, the licence, and metadata that say what pyproject.toml says."""
    sources = {
        file.relative_to(ROOT / "src").as_posix()
        for file in (ROOT / "src" / "ibwire").rglob("*")
        if file.suffix in SHIPPED
    }
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        about = next(name for name in names if name.endswith(".dist-info/METADATA")).removesuffix("METADATA")
        metadata = email.message_from_bytes(wheel.read(f"{about}METADATA"))
        entry_points = wheel.read(f"{about}entry_points.txt").decode()
    ours = {name for name in names if not name.startswith(about)}
    require(
        ours == sources, f"{path.name} lacks {sorted(sources - ours)[:5]}, has besides {sorted(ours - sources)[:5]}"
    )
    require("ibwire/py.typed" in ours, "py.typed is missing: type checkers would not believe the types")
    require(f"{about}licenses/LICENSE" in names, "the licence is missing")
    require(metadata["Version"] == project["version"], "the wheel's version is not that of pyproject.toml")
    require(metadata["License-Expression"] == "MIT", "the licence is not named")
    require(metadata["Requires-Python"] == project["requires-python"], "another Python is asked for")
    extras = project["optional-dependencies"]
    require(isinstance(extras, dict) and len(extras) == len(metadata.get_all("Provides-Extra", [])), "extras differ")
    require("ibwire = ibwire.cli:main" in entry_points, "the command is missing")
    require("[pytest11]" in entry_points, "the pytest plugin is missing")


def check_source(path: Path) -> None:
    """What the package is built from, and nothing else."""
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    require(
        {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "src/ibwire/py.typed"} <= names, "it is not whole"
    )
    others = {name.partition("/")[0] for name in names} - {"", "src", "pyproject.toml", "README.md", "LICENSE"}
    others -= {"CHANGELOG.md", "MANIFEST.in", "PKG-INFO", "setup.cfg"}
    require(not others, f"{path.name} has besides {sorted(others)}")


class Environment:
    """A virtual environment in `folder` with what was installed, and the project's folder out of sight."""

    def __init__(self, folder: Path, *requirements: str) -> None:
        self.folder = folder
        self._bin = folder / ("Scripts" if os.name == "nt" else "bin")
        self._work = folder / "work"
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=TIMEOUT_S)
        self._work.mkdir()
        # In the versions that the tests ran with, so that nobody's release of today decides what is found here.
        self._pip("install", "--quiet", "--constraint", str(ROOT / "requirements.txt"), *requirements)
        self._pip("check")

    def _pip(self, *arguments: str) -> None:
        self.run("python", "-m", "pip", "--disable-pip-version-check", *arguments)

    def run(self, program: str, *arguments: str) -> str:
        """What a program of the environment prints. Raises Wrong with its complaints if it fails."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "IBWIRE_"))}
        command = [str(self._bin / program), *arguments]
        result = subprocess.run(
            command, cwd=self._work, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        shown = " ".join((program, *arguments))
        require(result.returncode == 0, f"`{shown}` ended with {result.returncode}:\n{result.stdout}{result.stderr}")
        return result.stdout

    def write(self, name: str, text: str) -> None:
        """A file in the folder in which the programs run."""
        (self._work / name).write_text(text, encoding="utf-8")


def check_without_extras(environment: Environment, version: str) -> None:
    said = environment.run("ibwire", "--version")
    require(said.split() == ["ibwire", version], f"`ibwire --version` says {said!r}")
    require("demo" in environment.run("python", "-m", "ibwire", "--help"), "`python -m ibwire --help` has no demo")
    environment.run("python", str(ROOT / "tools" / "package" / "without_extras.py"))
    verdict = json.loads(environment.run("ibwire", "demo", "--json"))
    require(verdict["ok"] is True, f"`ibwire demo --json` says {verdict}")


def check_with_extras(environment: Environment) -> None:
    environment.run("python", str(ROOT / "tools" / "package" / "with_extras.py"))
    environment.write("test_plugin.py", PLUGIN_TEST)
    said = environment.run("python", "-m", "pytest", "--quiet", "test_plugin.py")
    require("1 passed" in said, f"the pytest plugin does not work: {said}")


@contextmanager
def step(what: str) -> Iterator[None]:
    """Says how long a step took."""
    began = time.monotonic()
    yield
    print(f"{what}: good ({time.monotonic() - began:.1f} s)", flush=True)


def only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    require(len(found) == 1, f"{folder} has {len(found)} of {pattern}, not one")
    return found[0].resolve()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "dist", help="where the packages are")
    folder: Path = parser.parse_args().folder
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    try:
        wheel, source = only(folder, "ibwire-*.whl"), only(folder, "ibwire-*.tar.gz")
        with step(f"what is in {wheel.name} and {source.name}"):
            check_wheel(wheel, project)
            check_source(source)
        with tempfile.TemporaryDirectory() as home:
            with step("the wheel installed, without extras"):
                core = Environment(Path(home, "core"), str(wheel))
            with step("the core where nothing else is, and `ibwire demo --json`"):
                check_without_extras(core, project["version"])
            with step("the source distribution installed, with all extras"):
                everything = Environment(Path(home, "everything"), f"{source}[all]", "pytest")
            with step("one thing of each extra, and the pytest plugin"):
                check_with_extras(everything)
    except Wrong as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
