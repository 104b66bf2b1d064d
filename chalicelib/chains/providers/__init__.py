"""The nodes that we ask: several providers of one chain, in order, and what is done when one fails."""
