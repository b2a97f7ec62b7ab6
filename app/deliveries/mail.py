"""Writes the note that a report is there and hands it to the mail server; a link, never a name or a file."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import urlsplit

from app.core.i18n import gettext as _
from app.settings import SmtpServer

_PATIENCE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Note:
    """What is told. number: of the delivery, so that mail programs know the same note again."""

    number: int
    to: str
    report: str
    org_name: str
    month: str
    link: str
    office: str


def message_of(note: Note, sender: str) -> EmailMessage:
    """The note in the language that is spoken now."""
    message = EmailMessage()
    message["Subject"] = str(_("报表已做好:%(report)s %(month)s", report=note.report, month=note.month))
    message["From"], message["To"] = sender, note.to
    message["Message-ID"] = f"<report-{note.number}@{urlsplit(note.link).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    lines = [
        _(
            "%(month)s的报表已做好:%(report)s,%(org)s。",
            month=note.month,
            report=note.report,
            org=note.org_name,
        ),
        _("请登录后在收件箱里打开:"),
        note.link,
        "",
        _("为保护个人信息,邮件里不附报表。这封邮件由系统自动发出,不用回复。"),
        note.office,
    ]
    message.set_content("\n".join(str(line) for line in lines) + "\n")
    return message


def send(message: EmailMessage, server: SmtpServer) -> None:
    """Returns once the server has taken it; raises OSError (smtplib's own errors are such) otherwise."""
    context = ssl.create_default_context()
    to = (server.host, server.port)
    client = (
        smtplib.SMTP_SSL(*to, timeout=_PATIENCE_SECONDS, context=context)
        if server.tls == "tls"
        else smtplib.SMTP(*to, timeout=_PATIENCE_SECONDS)
    )
    with client:
        if server.tls == "starttls":
            client.starttls(context=context)
        if server.user:
            client.login(server.user, server.password)
        client.send_message(message)
