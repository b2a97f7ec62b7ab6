"""Every setting of the product, read once from the environment into a frozen object."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(RuntimeError):
    """A setting is missing or malformed; the message names it and says what it should be."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Who sends mail for the office. `tls`: starttls (asked for on a plain connection), tls, or none."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    sender: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Runtime settings. `docs/operations.md` explains each one to the person who runs the server."""

    environment: str  # development | production | testing
    database_url: str
    secret_key: str
    data_key: bytes  # 32 bytes; phones, card and ticket keys are derived from it
    base_url: str  # what QR codes and links start with; empty: the address of the request
    office_tz: ZoneInfo
    office_name: str
    elderly_age: int  # full years
    code_step_seconds: int
    demo: bool
    trusted_hosts: tuple[str, ...]
    proxy_hops: int
    threads: int  # that answer pages, in each process
    live_streams: int  # pages that are told what changes, in each process; the others ask again and again
    instance_dir: Path
    log_format: str  # json | text
    metrics_token: str
    smtp: SmtpServer | None  # None: nothing is sent by e-mail

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def secure_cookies(self) -> bool:
        """Cookies carry Secure and the __Host- prefix when pages are served over HTTPS."""
        return self.is_production or self.base_url.startswith("https://")

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read settings; raises SettingsError naming the first one that is wrong.

        Outside production a missing SECRET_KEY or DATA_KEY is made once and kept under
        `instance/` (mode 0600), so that the two README commands need no set-up.
        """
        env = os.environ if env is None else env
        environment = _choice(env, "APP_ENV", "development", ("development", "production", "testing"))
        # Absolute: whoever reads it later may stand in another folder.
        instance_dir = Path(env.get("INSTANCE_DIR") or ROOT / "instance").resolve()
        settings = cls(
            environment=environment,
            database_url=_database_url(env.get("DATABASE_URL", ""), instance_dir),
            secret_key=_secret(env, "SECRET_KEY", environment, instance_dir),
            data_key=_data_key(_secret(env, "DATA_KEY", environment, instance_dir)),
            base_url=env.get("BASE_URL", "").rstrip("/"),
            office_tz=_zone(env.get("OFFICE_TZ", "Asia/Shanghai")),
            office_name=env.get("OFFICE_NAME", "示范区党员教育办公室"),
            elderly_age=_integer(env, "ELDERLY_AGE", 60, 40, 120),
            code_step_seconds=_integer(env, "CODE_STEP_SECONDS", 15, 5, 120),
            demo=env.get("DEMO", "1" if environment == "development" else "0") == "1",
            trusted_hosts=tuple(h.strip() for h in env.get("TRUSTED_HOSTS", "").split(",") if h.strip()),
            proxy_hops=_integer(env, "PROXY_HOPS", 0, 0, 10),
            threads=_integer(env, "THREADS", 8, 1, 256),
            live_streams=_integer(env, "LIVE_STREAMS", 256, 0, 4096),
            instance_dir=instance_dir,
            log_format=_choice(
                env, "LOG_FORMAT", "json" if environment == "production" else "text", ("json", "text")
            ),
            metrics_token=env.get("METRICS_TOKEN", ""),
            smtp=_smtp(env),
        )
        settings._check_production()
        return settings

    def _check_production(self) -> None:
        if not self.is_production:
            return
        if self.demo:
            raise SettingsError("DEMO must be 0 in production: the demo's passwords are public.")
        if not self.base_url:
            raise SettingsError(
                "BASE_URL must be set in production: what QR codes begin with, such as https://study.example.cn."
            )
        if not self.trusted_hosts:
            raise SettingsError(
                "TRUSTED_HOSTS must be set in production: the host names that are answered, with commas."
            )


def _choice(env: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name) or default
    if value not in allowed:
        raise SettingsError(f"{name} must be one of {', '.join(allowed)}; it is {value!r}.")
    return value


def _integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise SettingsError(f"{name} must be a whole number from {low} to {high}; it is {text!r}.")
    return int(text)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:
        raise SettingsError(
            f"OFFICE_TZ must be an IANA time zone such as Asia/Shanghai; it is {name!r}."
        ) from exc


def _database_url(url: str, instance_dir: Path) -> str:
    if not url:
        instance_dir.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{instance_dir / 'bulou.sqlite3'}"
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError("DATABASE_URL must start with sqlite:/// or postgresql://.")
    return url


_SMTP_TLS = {"smtp": "starttls", "smtps": "tls"}
_SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def _smtp(env: Mapping[str, str]) -> SmtpServer | None:
    """SMTP_URL in one line, or SMTP_HOST and what goes with it; neither: no e-mail."""
    url = urlsplit(env.get("SMTP_URL", ""))
    host = url.hostname or env.get("SMTP_HOST", "")
    if url.geturl() and (url.scheme not in _SMTP_TLS or not url.hostname):
        raise SettingsError("SMTP_URL must look like smtp://user:password@mail.example.cn:587 (or smtps://).")
    if not host:
        return None
    tls = _choice(env, "SMTP_TLS", _SMTP_TLS.get(url.scheme, "starttls"), tuple(_SMTP_PORTS))
    port = url.port or _integer(env, "SMTP_PORT", _SMTP_PORTS[tls], 1, 65535)
    user = unquote(url.username or "") or env.get("SMTP_USER", "")
    password = unquote(url.password or "") or env.get("SMTP_PASSWORD", "")
    sender = env.get("SMTP_FROM", "")
    if "@" not in sender or any(char.isspace() for char in sender):
        raise SettingsError("SMTP_FROM must be the address that mail is sent from, such as study@example.cn.")
    if not env.get("BASE_URL"):
        raise SettingsError("BASE_URL must be set where SMTP is: mail leads to the inbox by it.")
    if password and tls == "none" and host not in ("localhost", "127.0.0.1", "::1"):
        raise SettingsError("SMTP_TLS must not be none: the password would cross the network in the clear.")
    return SmtpServer(host, port, tls, user, password, sender)


def _secret(env: Mapping[str, str], name: str, environment: str, instance_dir: Path) -> str:
    value = env.get(name, "")
    if value:
        return value
    if environment == "production":
        raise SettingsError(f"{name} must be set in production: 32 random bytes in base64.")
    path = instance_dir / f"{name.lower()}.txt"
    if not path.exists():
        instance_dir.mkdir(parents=True, exist_ok=True)
        _make_key(path)
    return path.read_text().strip()


def _make_key(path: Path) -> None:
    """Of several processes that start at once, one's key gets the name, whole, and all read that one."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.stem}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(base64.urlsafe_b64encode(secrets.token_bytes(32)))
            handle.flush()
            os.fsync(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


def _data_key(text: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as exc:
        raise SettingsError("DATA_KEY must be 32 random bytes in URL-safe base64.") from exc
    if len(key) != 32:
        raise SettingsError(f"DATA_KEY must be 32 bytes in URL-safe base64; it has {len(key)}.")
    return key
