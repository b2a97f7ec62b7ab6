"""Migrations build exactly what the models declare, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import create_engine, inspect

from app.core.db import Base, db


def test_migrations_build_exactly_the_models(ctx: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_check_constraint_of_the_models_is_in_the_database(ctx: Flask) -> None:
    built = inspect(db.engine)
    scratch = create_engine("sqlite://")
    Base.metadata.create_all(scratch)
    declared = inspect(scratch)
    for table in Base.metadata.sorted_tables:
        names = {check["name"] for check in declared.get_check_constraints(table.name)}
        assert {check["name"] for check in built.get_check_constraints(table.name)} == names
