"""What a worker does about training: claim a row, watch a child, store what it made."""
