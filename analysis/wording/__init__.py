"""Numbers, names and Markdown as people read them."""
