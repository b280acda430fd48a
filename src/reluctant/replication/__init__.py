"""The published measurement of the article, and its scores as each deviation from a proper one is taken back.

Needs no torch: it reads the records of studies whose procedure is `reluctant.replica:Published`.
"""
