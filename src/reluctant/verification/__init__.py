"""Checks of a study's folder: do its files contradict each other, and does training again give the same?"""
