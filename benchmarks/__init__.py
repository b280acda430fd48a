"""Speed, measured as ratios against the plain PyTorch loop."""
