"""One module per measured client. Each is run as a process of its own and prints one JSON line."""
