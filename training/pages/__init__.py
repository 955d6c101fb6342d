"""Pages about training: the home page with its scores, runs and model versions."""
