"""What can be had from `ibwire` itself, and what importing it and a session costs in libraries."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ibwire
from ibwire.cli.app import app
from ibwire.exceptions import LibraryMissing
from ibwire.version import version

NEVER_FOR_A_SESSION = frozenset(
    {"dotenv", "filelock", "ib_async", "numpy", "pandas", "polars", "pyarrow", "rich", "sqlite3", "starlette", "typer"}
    | {"uvicorn", "exchange_calendars"}
)
"""What a session that opens no file and shows nothing has no use for."""


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh process has imported after running this."""
    command = [
        sys.executable,
        "-c",
        f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*set(sys.modules) - before)",
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return set(result.stdout.split())


def typed_names() -> dict[str, str]:
    """What type checkers see, by name: its module."""
    tree = ast.parse(Path(ibwire.__file__).read_text(encoding="utf-8"))
    imports = [one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) and one.module.startswith("ibwire.")]
    return {name.name: one.module for one in imports for name in one.names if name.name != "version"}


def test_what_runs_is_what_type_checkers_see() -> None:
    typed = typed_names()
    assert sorted(ibwire.__all__) == sorted([*typed, "__version__"])
    assert set(ibwire.__all__) <= set(dir(ibwire))
    for name, home in typed.items():
        assert getattr(ibwire, name) is getattr(import_module(home), name)


def test_no_name_hides_a_module() -> None:
    assert not {one.name for one in pkgutil.iter_modules(ibwire.__path__)} & set(ibwire.__all__)


def test_star_import_gives_the_names() -> None:
    names: dict[str, object] = {}
    exec("from ibwire import *", names)
    assert set(ibwire.__all__) <= set(names)


def test_what_is_not_there_is_an_attribute_error_as_anywhere() -> None:
    with pytest.raises(AttributeError, match="module 'ibwire' has no attribute 'Sotck'"):
        _ = ibwire.Sotck  # type: ignore[attr-defined]
    with pytest.raises(ImportError, match="cannot import name 'Sotck' from 'ibwire'"):
        exec("from ibwire import Sotck")


def test_there_is_one_version(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    assert ibwire.__version__ == version() == metadata.version("ibwire")

    def not_installed(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", not_installed)
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{version()}"' in project, "a source tree that is not installed has its own"
    monkeypatch.setattr("ibwire.version.__file__", "/nowhere/else/ibwire/version.py")
    with pytest.raises(metadata.PackageNotFoundError):
        version()


def test_the_command_says_its_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"ibwire {version()}\n")


def test_what_lacks_a_library_says_which_extra_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for library, module, extra in (
        ("uvicorn", "ibwire.simulator.control_port", "control"),
        ("ib_async", "ibwire.ib_async", "ib_async"),
    ):
        with monkeypatch.context() as without:
            for name in [one for one in sys.modules if one == module or one.startswith(f"{module}.")]:
                without.delitem(sys.modules, name)
            without.setitem(sys.modules, library, None)
            with pytest.raises(LibraryMissing, match=rf"{library}.*ibwire\[{extra}\]"):
                import_module(module)


def test_the_root_alone_imports_nothing() -> None:
    assert not {name for name in loaded_by("import ibwire") if name.startswith("ibwire.")}


def test_a_session_brings_no_library_that_it_does_not_need() -> None:
    loaded = loaded_by("from ibwire import IBSession, Settings, Stock, limit; Settings()")
    assert "ibwire.session" in loaded
    assert not {name.partition(".")[0] for name in loaded} & NEVER_FOR_A_SESSION
