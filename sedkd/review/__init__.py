"""Clips to listen to: drawn, shown on a page, and what the answers say of a detector."""
