"""`python -m ibwire`, the same as the `ibwire` command."""

from ibwire.cli import main

if __name__ == "__main__":
    main()
