"""What networks share that answer with flows and a probability, from crops to exports.

Parts of engines, no engine. PyTorch is imported by `device`, `states`, `forward`, `learner` and
those that need one of them: `training`, `exchange`.
"""
