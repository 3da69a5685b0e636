"""Notices: what members are to be told, and when."""
