"""Decoding: bodies and files of events from bytes to checked columns."""
