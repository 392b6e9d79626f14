"""Files: where they lie, written whole or not at all, made once, remembered."""
