"""What is simulated: the schema, loading, places, levers and changes."""
