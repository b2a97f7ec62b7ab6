"""A whole bulletin: told as paragraphs, as text, as the API's body and as a Word document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.core.i18n import lazy
from app.reports.bulletin.figures import Figure, bulletin_figures
from app.reports.bulletin.table import NOTES
from app.reports.bulletin.text import Paragraph, paragraphs
from app.reports.definitions import notes
from app.reports.docx_template import filled
from app.reports.labels import until_label
from app.reports.queries import BulletinNumbers
from app.reports.tables.model import Ask

PARAGRAPH_KEYS = ("training", "activities", "speakers", "reach", "guidance")


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One year and place. Every way of printing it reads the same paragraphs and figures."""

    ask: Ask
    title: str
    figures: dict[str, Figure]
    paragraphs: tuple[Paragraph, ...]

    @property
    def year(self) -> int:
        return self.ask.period.first.year

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(str(note) for note in notes(*NOTES))

    @property
    def text(self) -> str:
        """Plain text, ready to be copied."""
        told = [line for paragraph in self.paragraphs for line in (paragraph.text, "")]
        return "\n".join([self.title, *self.ask.about(), "", *told, *self.notes]) + "\n"

    @property
    def body(self) -> dict[str, Any]:
        return {
            "year": self.year,
            "paragraphs": [paragraph.text for paragraph in self.paragraphs],
            "figures": {figure.name: figure.value for figure in self.figures.values()},
        }

    @property
    def placeholders(self) -> dict[str, Any]:
        """What a Word template may name: texts, figures in words, and `plain`, the digits alone."""
        texts = dict.fromkeys(PARAGRAPH_KEYS, "")
        texts |= {paragraph.key: paragraph.text for paragraph in self.paragraphs}
        return {
            "title": self.title,
            "office": self.ask.place.label,
            "year": str(self.year),
            "as_of": until_label(self.ask.snapshot.on),
            "notes": " ".join(self.notes),
            **texts,
            "figures": {name: figure.words for name, figure in self.figures.items()},
            "plain": {name: str(figure.value) for name, figure in self.figures.items()},
        }

    def docx(self, template: bytes) -> bytes:
        """The template filled in. Raises TemplateRefused."""
        return filled(template, self.placeholders)


def bulletin_of(numbers: BulletinNumbers, ask: Ask) -> Bulletin:
    figures = bulletin_figures(numbers, ask)
    title = ask.title_until(lazy("年度综述"))
    return Bulletin(ask, title, figures, paragraphs(numbers, figures, ask))
