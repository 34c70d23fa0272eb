"""Topics into SQLite; the SQL lives here."""
