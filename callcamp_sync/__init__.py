"""callcamp-sync: keeps a Callcamp campaign in step with a spreadsheet."""

__version__ = "0.1.0"
