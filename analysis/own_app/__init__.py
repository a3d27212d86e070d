"""What a campaign over somebody's own app found: ranking, page, terminal, Markdown, JUnit, annotations."""
