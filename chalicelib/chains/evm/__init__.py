"""Ethereum and what speaks like it: ETH, ARB, BSC, MATIC."""
