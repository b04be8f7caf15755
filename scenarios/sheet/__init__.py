"""The planner's workbook: written for a place, filled in by hand, and read back without trusting it."""
