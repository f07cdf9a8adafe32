"""Is the passage found, does the answer stand on it, does the bot refuse when it should."""
