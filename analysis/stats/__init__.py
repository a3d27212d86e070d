"""Estimates, intervals and verdicts from trials. Knows no file."""
