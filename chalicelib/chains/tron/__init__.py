"""TRON: accounts, contracts, and transactions that expire."""
