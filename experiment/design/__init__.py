"""What is asked: works, loads, factors, metrics, claims, and the order of trials."""
