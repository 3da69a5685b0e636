"""Chaos: the real system under load while its parts are killed, paused, cut off and starved."""
