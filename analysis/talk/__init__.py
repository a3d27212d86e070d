"""What a talk needs: cards, decks, animated timelines."""
