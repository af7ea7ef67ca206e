"""How a model learns: the loop, the optimisers, the schedules, the checkpoints and the log."""
