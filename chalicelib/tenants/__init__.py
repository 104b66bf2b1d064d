"""Merchants: their settings."""
