"""Cellpose 4.2.1.1 (Cellpose-SAM, 2D) behind the engine protocol; `engine` imports PyTorch."""
