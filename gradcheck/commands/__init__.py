"""What the command `gradcheck` can do, one thing a file."""
