"""The same against a real TWS or IB Gateway on a paper account: `pytest -m tws`.

Host, port and client id come from the environment: TWS_TEST_CONNECTION_HOST, TWS_TEST_CONNECTION_PORT,
TWS_TEST_CONNECTION_CLIENT_ID (`Settings.from_env(prefix="TWS_TEST_")`). `test_orders` alone places orders.
"""
