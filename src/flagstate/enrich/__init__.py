"""Facts become more facts: where an address is, who operates it, what flowed, which classes a table holds."""
