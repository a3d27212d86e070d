"""A real PostgreSQL: found, started, filled, watched, or given by the user."""
