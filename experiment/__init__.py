"""What a campaign measures and records: claims, loads, treatments, the plan, ceilings, and the records of trials.

Everything is pure except for `records.store`, the only reader and writer of a campaign's folder.
"""
