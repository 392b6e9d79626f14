"""Trials: drawn, trained, stopped early, confirmed, and the front's final scores."""
