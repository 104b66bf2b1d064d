"""Bitcoin and Litecoin: money that lies in coins."""
