"""The operator's command line: tenants are made and steered here, never by the public API."""
