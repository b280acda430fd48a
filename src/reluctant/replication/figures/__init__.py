"""The figures of the published procedure."""
