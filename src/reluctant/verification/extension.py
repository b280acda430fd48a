"""What the verification of a study's folder adds to the package."""

from reluctant.core.extensions import Extension

EXTENSION = Extension(commands=("reluctant.verification.command:verify",))
