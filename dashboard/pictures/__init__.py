"""Figures for the screen: tidy tables in, Altair or ECharts and a plain table out. No Streamlit here."""

from dashboard.pictures.picture import Picture

__all__ = ["Picture"]
