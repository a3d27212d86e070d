"""The app under test: one FastAPI route for every handler variant in the catalogue."""
