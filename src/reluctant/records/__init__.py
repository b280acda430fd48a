"""Run records on disk: their schema, the store, the folder of a study. Needs no torch."""
