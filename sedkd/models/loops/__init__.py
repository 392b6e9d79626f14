"""Loops that numba compiles: what takes torch's operations on a CPU long, because it is small, or goes over a map of
some megabytes again and again. They know arrays alone; `sedkd.models.norm` and `gru` make torch's of them, with
gradients.
"""
