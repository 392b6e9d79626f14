"""From what was typed to what a search needs: data, teacher, space, budget."""
