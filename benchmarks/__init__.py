"""Speed measurements against other clients: `make bench`."""
