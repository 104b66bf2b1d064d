"""Sweeping: deposits' money brought home to the hot wallet, on chains whose money lies on accounts."""
