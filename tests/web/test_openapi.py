"""The OpenAPI document is valid, and the API keeps to it whatever is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from schemathesis.checks import load_all_checks
from schemathesis.core.failures import FailureGroup

from app.core.vocabulary import Role, SessionState
from tests.factories import attend, make_member, make_org, make_session, make_staff, make_token
