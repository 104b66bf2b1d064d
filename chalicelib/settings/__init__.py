"""Settings that are more than one value: read strictly, refused with a sentence, shown to nobody."""
