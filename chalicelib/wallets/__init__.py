"""Wallets: sub-accounts that merchants keep for their own users."""
