"""The history of the schema, run by `schedsvc.repositories.sql.migrate`."""
