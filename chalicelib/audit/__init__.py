"""The audit: blocks read twice, and the books held against what lies on the chains."""
