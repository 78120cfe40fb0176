"""Sources: files that are no picture themselves but hold, draw or play one. Run in the decoder only."""
