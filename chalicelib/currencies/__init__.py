"""The catalogue (data) and rates."""
