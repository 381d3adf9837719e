"""What lies between an application and PostgreSQL when it goes through a connection pooler."""
