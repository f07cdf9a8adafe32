"""Is the passage found, does the answer stand on it, does the bot refuse when it should."""

import indexer  # noqa: F401  # before numpy: it sets how the libraries' threads wait
