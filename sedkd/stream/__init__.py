"""Sound as it comes: a student, its front end and its decisions, step by step."""
