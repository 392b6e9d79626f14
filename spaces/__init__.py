"""Environments and search spaces as YAML; this file only makes the folder installable."""
