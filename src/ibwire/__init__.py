"""The connection layer between a Python trading system and Interactive Brokers (TWS or IB Gateway)."""
