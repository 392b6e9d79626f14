"""A study on disk: its store, objectives, trials and names."""
