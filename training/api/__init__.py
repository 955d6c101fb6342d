"""The training endpoints of the REST interface."""
