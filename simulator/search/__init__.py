"""Search: values of a season file that do most within budgets, found by playing them."""
