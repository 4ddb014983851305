"""Videos, assignments and how they stand."""
