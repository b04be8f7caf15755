"""Published figures, and how near the model comes to them."""
