"""What helps in every folder that is handed out; it is copied to its `given/`."""
