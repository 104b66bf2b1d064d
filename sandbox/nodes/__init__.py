"""Real nodes beside the gateway: anvil, litecoind and bitcoind, and the hands of strangers and miners on them."""
