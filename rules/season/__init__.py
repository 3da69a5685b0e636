"""Season: the season file as written, decoded and checked, with its prices and stations."""
