"""What webref promises in figures, measured: ratios against a peer or a limit in the same run."""
