"""Writers of tiny datasets in exactly the formats of the public ones."""
