"""Where prices come from: the public servers that are asked each minute, and computed prices for local runs."""
