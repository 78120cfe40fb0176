"""The doors: HTTP and websocket in, one call to the rooms below, an answer out."""
