"""Measurements of speed, and the programs Trinn is measured against. Not part of the installed package."""
