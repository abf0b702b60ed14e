"""Other systems doing the same job on the same servers, each set up as its own documentation advises."""
