"""Transfers between a merchant's master account and its sub-accounts, folded many to a transaction."""
