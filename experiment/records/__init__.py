"""The records of trials and campaigns, and the only reader and writer of a campaign's folder."""
