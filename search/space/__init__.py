"""The space of strategies: dimensions, how they are read, controls, draws."""
