"""A study as files: tables, GeoPackage, page, manifest."""
