"""Outlook: a running season forked, played to its end many times, and judged by how it went."""
