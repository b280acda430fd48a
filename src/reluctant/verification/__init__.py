"""Does everything in a folder hold: its records, what they share, its report; and a sample trained again."""

from reluctant.verification.finding import Finding
from reluctant.verification.place import Place, Verified, verify
from reluctant.verification.retraining import draw, retrain

__all__ = ["Finding", "Place", "Verified", "draw", "retrain", "verify"]
