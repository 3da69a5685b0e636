"""Offline: recorded and archived logs through the kernel, and the files that a replay writes."""
