"""Our wire against IBKR's own client, which is installed for this and never imported by the package."""
