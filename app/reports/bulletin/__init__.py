"""The yearly bulletin: its figures with their doors, its paragraphs, and its Word document."""

from app.reports.bulletin.document import Bulletin, bulletin_of
from app.reports.bulletin.figures import Figure
from app.reports.bulletin.table import backing_table, bulletin_table
from app.reports.bulletin.text import Paragraph, Part

__all__ = [
    "Bulletin",
    "Figure",
    "Paragraph",
    "Part",
    "backing_table",
    "bulletin_of",
    "bulletin_table",
]
