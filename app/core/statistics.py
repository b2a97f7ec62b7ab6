"""What the database knows of its own tables, by which it plans its reads."""

from __future__ import annotations

import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.core.db import is_postgresql, writing
from app.core.storage import trouble_name

log = structlog.get_logger(__name__)

# A bulk load of so many rows is worth a look; fewer change no plan.
MANY = 500


def take_statistics(*tables: str) -> bool:
    """Let the database see what its tables hold: it plans its reads by that. Whether it looked.

    For after a bulk load has been committed. SQLite never looks by itself, and looks at all its tables, at a
    sample of each. PostgreSQL looks within a minute, but may have done so in the middle of the load, when
    none of it could be seen: it looks at `tables` now. Outside any transaction of the caller's; an office
    whose database refuses (somebody maintains a table) only waits longer for its pages.
    """
    try:
        with writing() as session:
            if not is_postgresql(session):
                session.execute(text("PRAGMA analysis_limit=1000"))
                session.execute(text("ANALYZE"))
            elif tables:
                session.execute(text(f"ANALYZE {', '.join(tables)}"))
            else:
                return False
    except OperationalError as error:
        log.warning("no_statistics", error=trouble_name(error))
        return False
    return True
