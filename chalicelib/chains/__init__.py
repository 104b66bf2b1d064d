"""One adapter for each chain family behind one small interface; address codecs; the scanner."""
