"""Every read about training that has more than one caller; each takes the user."""
