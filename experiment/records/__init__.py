"""What was measured, and the only reader and writer of a campaign's folder."""
