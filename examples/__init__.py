"""Studies and activations of one's own, run by the tests."""
