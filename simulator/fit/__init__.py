"""Fit: the population's figures from a log, each with its interval, and how well they foretell."""
