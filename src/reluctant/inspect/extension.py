"""What the room of network inspection adds to the package: the command `inspect`."""

from reluctant.core.extensions import Extension

EXTENSION = Extension(commands=("reluctant.inspect.command:inspect_command",))
