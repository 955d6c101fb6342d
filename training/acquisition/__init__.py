"""Which regions are worth painting next, and which instances are doubtful: pure functions."""
