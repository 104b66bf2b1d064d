"""Withdrawals: money that leaves for an address outside, paid exactly once."""
