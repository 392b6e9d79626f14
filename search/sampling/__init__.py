"""What a search asks for next: the student that promises the most hypervolume per second of training."""
