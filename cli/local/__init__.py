"""Everything on one machine: the supervisor, what it runs, and how it knows that it runs."""
