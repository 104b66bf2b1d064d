"""The sandbox over HTTP: the public API on a local server, and the controls."""
