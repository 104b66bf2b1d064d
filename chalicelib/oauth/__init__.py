"""Applications, tokens, scopes, revocation."""
