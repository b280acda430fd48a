"""The command that the benchmark of activations adds to the package."""

from reluctant.core.extensions import Extension

EXTENSION = Extension(commands=("reluctant.bench.command:bench",))
