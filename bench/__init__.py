"""What Castline costs, measured beside what else there is."""
