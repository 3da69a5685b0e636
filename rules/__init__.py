"""The season file, the pure rules kernel, ranking and prizes: no clock, network or randomness."""
