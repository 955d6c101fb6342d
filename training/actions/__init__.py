"""The verbs of training: what a person may ask for, one module per noun."""
