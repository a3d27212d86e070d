"""What a campaign measures: loads, server factors, metrics, claims, and the order of trials."""
