"""The published measurement of the article, and its scores as its faults are corrected.

Needs no torch: it reads the records of studies whose procedure is `reluctant.replica:Published`.
"""
