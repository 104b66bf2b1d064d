"""Payments: a price, a fresh deposit address, and what arrives there."""
