"""A search or a comparison from the command to its end: the session, its workers, the export."""
