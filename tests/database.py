"""The test database: DATABASE_URL, else an embedded server of our own."""
