"""One student from its configuration to its scores."""
