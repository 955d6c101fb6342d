"""What to paint next: candidate regions, how they look, how doubtful they are, which to take."""
