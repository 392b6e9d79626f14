"""A causal student as C99 for a device: no heap, nothing needed but libm."""
