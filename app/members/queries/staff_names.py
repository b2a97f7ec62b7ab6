"""Names of staff users, by the table's name: their feature stands above this one."""

from __future__ import annotations

from sqlalchemy import Integer, String, column, table

STAFF = table("staff_users", column("id", Integer), column("display_name", String))
