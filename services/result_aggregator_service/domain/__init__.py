"""Pure rules: what a batch's results are, from whatever messages have come, in whatever order."""
