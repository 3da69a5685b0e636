"""Advice: what a valid file says that may not be meant, what a change means and whom it hurts."""
