"""What the inspection of a network adds to the package."""

from reluctant.core.extensions import Extension

EXTENSION = Extension(commands=("reluctant.inspect.command:inspect",))
