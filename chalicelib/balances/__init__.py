"""What accounts hold, and the history of every movement."""
