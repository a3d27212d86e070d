"""Rounds of trials until every claim is decided."""
