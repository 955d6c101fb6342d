"""What networks share that answer with flows and a probability: tiles, crops, learning, drawing.

Parts of engines, no engine; the modules `device`, `states`, `learner` import PyTorch.
"""
