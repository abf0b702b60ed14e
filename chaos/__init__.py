"""Break everything under load, let it come to rest, and see whether the books balance."""
