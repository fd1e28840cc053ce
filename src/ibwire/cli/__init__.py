"""The `ibwire` command."""

from ibwire.cli.app import main

__all__ = ["main"]
