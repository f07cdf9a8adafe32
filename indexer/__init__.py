"""kb/ → index on disk."""

import indexer.config  # noqa: F401  # first of all: it sets how the libraries' threads wait
