"""What an activation costs: time as multiples of ReLU's, bytes kept for backward, the peak of memory."""
