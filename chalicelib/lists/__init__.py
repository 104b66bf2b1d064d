"""Lists that never read what they skip: joint counts per block of rows.

Rows lie in one partition in the order of their keys. Once a row is old enough it is *sealed*: its key and its
class (status, currency …: what the list is filtered by) go into a leaf of 200 rows; a node counts the classes of
128 leaves, the root those of all nodes. The root lies right behind the newest sealed row, in the rows' own
partition, so one query from the newest row down returns what is not sealed yet, and the root.

A room describes its list as a ``RowList`` (``spec.py``), asks ``reading.page(env, rows, ...)`` for pages, and has
it looked after by ``sealing.upkeep`` (the numbering writer does that for the lists that ``assembly.py`` names).
"""
