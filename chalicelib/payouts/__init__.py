"""Paying withdrawals out of hot wallets: signed once, stored, sent, followed to their end and beyond."""
