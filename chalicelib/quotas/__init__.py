"""How much a tenant may ask in a minute: one token bucket in the table, leased to processes in small parts."""
