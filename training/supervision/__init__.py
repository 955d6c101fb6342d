"""Engines in child processes: how they start, what they report, how they are kept warm."""
