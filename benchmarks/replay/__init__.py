"""Search strategies replayed over recorded training curves; `python -m benchmarks.replay` compares them."""
