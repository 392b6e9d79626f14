"""Which students are worth having: the front, what a student would add to it, what decided."""
