"""What prepares a database: migrations, and the passwords of the two logins."""
