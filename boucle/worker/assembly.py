"""What the worker works with, made from the settings."""

from __future__ import annotations

from boucle.activities import Means
from boucle.activities.letters import Letterhead
from boucle.activities.mail import Mailbox, Mailer, SmtpConfig, SmtpMailer
from boucle.activities.templates import Templates
from boucle.activities.text_files import TEMPLATES
from boucle.engine.database import Database
from boucle.engine.link_keys import read_keys
from boucle.engine.links import Links
from boucle.settings import Settings
from boucle.worker.directory import make_directory
from boucle.worker.running import WorkerConfig


def assemble(settings: Settings, database: Database, address: str) -> WorkerConfig:
    """The worker's configuration; `address` is where Temporal answers, the settings may not say it."""
    return WorkerConfig(
        address=address,
        namespace=settings.namespace,
        task_queue=settings.task_queue,
        means=make_means(settings, database),
    )


def make_means(settings: Settings, database: Database) -> Means:
    """The means of the activities: mail, templates, people."""
    return Means(
        database=database,
        mailer=make_mailer(settings),
        templates=Templates(settings.workspace / TEMPLATES.folder, settings.language),
        head=Letterhead(settings.company, settings.sender, settings.mail_domain),
        directory=make_directory(settings),
        links=Links(settings.public_url, read_keys(settings.link_secrets, settings.data_folder)),
    )


def make_mailer(settings: Settings) -> Mailer:
    """By SMTP where a server is set, else into the mailbox folder."""
    smtp = settings.smtp
    if smtp is None:
        return Mailbox(settings.mailbox_folder)
    return SmtpMailer(
        SmtpConfig(
            host=smtp.host,
            port=smtp.port,
            greeting=settings.mail_domain,
            username=smtp.username,
            password=smtp.password.get_secret_value() if smtp.password else None,
            starttls=smtp.starttls,
        )
    )
