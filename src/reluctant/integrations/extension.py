"""What the integrations add to the package: the trackers that `--track` names."""

from reluctant.core.extensions import Extension

EXTENSION = Extension()
