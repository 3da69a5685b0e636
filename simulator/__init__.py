"""Synthetic traffic, and the offline replay of recorded logs."""
