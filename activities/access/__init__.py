"""From a consent to a connection, and the life of its credential."""
