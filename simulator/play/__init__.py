"""Play: one simulated season day by day, what members see, answer and buy, and what it comes to."""
