"""Wording: the whole season file as terms in plain words, in Chinese and English."""
