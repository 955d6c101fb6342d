"""Composition root and the shared floor of cytoloop."""

__version__ = "0.1.0"
