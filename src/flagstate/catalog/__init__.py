"""What the world knows, as data: networks, operators, laws of access, classes of data."""
