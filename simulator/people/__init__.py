"""People: the population file, the members drawn from it, and keyed draws."""
