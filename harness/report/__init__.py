"""What is shown and written: tables for a terminal and for LaTeX, scatter and Pareto figures, files.

Tables and figures take frames; only `files` writes. Import from the modules (`from harness.report.tables.text import
ranking_text`), so that a table in a terminal does not pay for matplotlib.
"""
