"""Compiling: a season file as lookup arrays and bits, ready for batches of events."""
