"""References that are written from the code and committed: schemas, documents, tables. `__main__` writes them anew."""
