"""What signs: a key service in production, a key in this process where no money is at stake."""
