"""Pages about projects, images and people."""
