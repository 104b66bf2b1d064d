"""Accounts, entries, holds: the only code that changes a balance."""
