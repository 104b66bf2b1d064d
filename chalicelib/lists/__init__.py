"""Lists that never read what they skip: joint counts per block of rows."""
