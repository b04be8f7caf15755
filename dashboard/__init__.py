"""What people look at: texts, tables, charts and the report."""
