"""Ethereum and its kin (ETH, ARB, BSC, MATIC): one adapter over any node of theirs, set up for each by data."""
