"""Geography: the ellipsoid, 180 degrees, zones, cells, files. Knows no ship."""
