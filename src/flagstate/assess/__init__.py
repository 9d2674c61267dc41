"""Facts become conclusions: each question asked of tables, with what is missing to decide."""
