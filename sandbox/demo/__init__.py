"""The demo: a merchant's story, played against a running sandbox."""
