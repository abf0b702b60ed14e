"""Which student wrote which essay: where names stand, how well they fit a class, and what follows for all essays."""
