"""Logs: event logs of any shape, read, written, mapped, and looked over for faults."""
