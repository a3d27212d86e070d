"""What is asked: claims, loads, treatments, the plan, the ceilings, and the records every room above shares.

Pure but for `store`, which is the only reader and writer of a campaign's folder.
"""
