"""Accounts: every movement of points with its cause, as statements and explanations."""
