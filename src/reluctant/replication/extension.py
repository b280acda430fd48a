"""What the replication of the article adds to the package."""

from pathlib import Path

from reluctant.core.extensions import Extension

EXTENSION = Extension(
    report_section="reluctant.replication.section:replication",
    studies=Path(__file__).parent / "studies",
    renamed_modules={"reluctant.replica": "reluctant.replication.training"},
)
