"""Figures of the replication: win counts, the ablation, the last batch. Needs no torch."""
