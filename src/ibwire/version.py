"""The version of ibwire, from the one place that has it: pyproject.toml, by way of the installed package's metadata."""

from __future__ import annotations

from pathlib import Path


def version() -> str:
    """The version of this package, such as "0.1.0"; in a source tree that is not installed, the tree's own.

    Raises PackageNotFoundError where there is neither.
    """
    import tomllib
    from importlib import metadata

    try:
        return metadata.version("ibwire")
    except metadata.PackageNotFoundError:
        project = Path(__file__).parents[2] / "pyproject.toml"
        if not project.is_file():
            raise
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
