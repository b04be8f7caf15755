"""Questions that take many runs: what matters, how much is needed, and keeping what is done."""
