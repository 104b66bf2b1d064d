"""The simulated chains as the product sees them: their adapter, its client, their transactions."""
