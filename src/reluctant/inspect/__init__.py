"""One network looked into: dead and saturated units, values, gradients."""
