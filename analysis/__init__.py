"""What is learned: a campaign's folder becomes estimates, verdicts, charts and a report. Starts no process."""
