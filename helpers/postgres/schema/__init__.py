"""Two databases' schemas: read from the catalog, compared, and the way from one to the other."""
