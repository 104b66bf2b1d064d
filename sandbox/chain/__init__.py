"""Seven simulated blockchains in one node: its own state on disk, its own protocol over loopback."""
