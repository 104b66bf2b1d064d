"""Sluice: a multi-tenant payment gateway for cryptocurrency; one room per resource."""
