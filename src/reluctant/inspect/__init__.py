"""Probe one network: dead and saturated units, values, gradients, and warnings."""
