"""What scores say: verdicts, claims, published numbers, variance by source, probes. Needs no torch."""
