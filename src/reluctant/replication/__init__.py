"""The published measurement, and what becomes of its numbers as one deviation after another is taken back.

Needs no torch: it reads the records of studies whose procedure is `reluctant.replica:Published`.
"""

from reluctant.replication.ladder import ALONE, SEQUENCE, Rung, rungs
from reluctant.replication.measurement import Measure, published_f1
from reluctant.replication.possible import possible_scores
from reluctant.replication.reading import Scored, Sixteen, crowned, scored, sixteen

__all__ = [
    "ALONE",
    "SEQUENCE",
    "Measure",
    "Rung",
    "Scored",
    "Sixteen",
    "crowned",
    "possible_scores",
    "published_f1",
    "rungs",
    "scored",
    "sixteen",
]
