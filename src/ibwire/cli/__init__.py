"""The `ibwire` command."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command; Ctrl-C ends it without a word even while it is still starting."""
    try:
        from ibwire.cli.app import app  # it imports all there is, which takes a while

        app()
    except KeyboardInterrupt:
        sys.exit(130)
