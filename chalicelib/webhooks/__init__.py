"""Events, endpoints, signing, the sender and its address guard."""
