"""The storage ports on SQLite and PostgreSQL: one code, one contract, one file that knows the difference."""
