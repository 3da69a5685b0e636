"""Adversaries: agents that live off a season's rules, in its traffic, and what leaks to them."""
