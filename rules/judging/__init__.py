"""Judging: the kernel; what each kind of event and each tick does to the member table."""
