"""From files to prepared data sets: formats, layouts, families, splits, phantoms."""
