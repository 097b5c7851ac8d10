"""A finished path to keep: as Markdown, and as a page to print. Each holds all of it."""
