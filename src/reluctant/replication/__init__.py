"""The published measurement, and what becomes of its numbers as one deviation after another is taken back.

Needs no torch: it reads the records of studies whose procedure is `reluctant.replica:Published`.
"""
