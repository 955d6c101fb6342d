"""Rows of several tables written in one statement, for writes that somebody waits for.

Django's bulk_create takes a statement and a millisecond for each table, and its text grows with
the rows; here values go as one array per column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from django.db import connection, models

Model: TypeAlias = type[models.Model]


@dataclass(frozen=True, slots=True)
class Rows:
    """Unsaved rows of one model; where `unique` meets a row there is, `update` is overwritten."""

    rows: Sequence[models.Model] = field(repr=False)
    unique: tuple[str, ...] = ()
    update: tuple[str, ...] = ()


def insert(*tables: Rows) -> None:
    """Insert rows of several tables at once; tables without rows are passed over.

    Of one table no two rows may have the same unique values. The rows given learn nothing of
    what the database made of them (keys).
    """
    wanted = [table for table in tables if table.rows]
    if not wanted:
        return
    texts = [_statement(type(table.rows[0]), table.unique, table.update) for table in wanted]
    parts = [f"t{number} AS ({text})" for number, text in enumerate(texts[:-1])]
    before = f"WITH {', '.join(parts)} " if parts else ""
    values = [column for table in wanted for column in _columns(table.rows)]
    with connection.cursor() as cursor:
        cursor.execute(before + texts[-1], values)


def _columns(rows: Sequence[models.Model]) -> list[list[Any]]:
    return [
        [one.get_db_prep_save(one.pre_save(row, add=True), connection) for row in rows]
        for one in _fields(type(rows[0]))
    ]


@lru_cache
def _fields(model: Model) -> tuple[models.Field[Any, Any], ...]:
    """Return the fields of a table, without a key that the database counts up itself."""
    return tuple(
        one for one in model._meta.concrete_fields if not isinstance(one, models.AutoField)
    )


@lru_cache
def _statement(model: Model, unique: tuple[str, ...], update: tuple[str, ...]) -> str:
    quote, meta = connection.ops.quote_name, model._meta
    columns = {one.name: quote(one.column or one.name) for one in _fields(model)}
    arrays = [f"%s::{one.db_type(connection)}[]" for one in _fields(model)]
    text = (
        f"INSERT INTO {quote(meta.db_table)} ({', '.join(columns.values())}) "  # noqa: S608 (names of models)
        f"SELECT * FROM unnest({', '.join(arrays)})"
    )
    if not unique:
        return text
    met = ", ".join(columns[name] for name in unique)
    changes = ", ".join(f"{columns[name]} = EXCLUDED.{columns[name]}" for name in update)
    return f"{text} ON CONFLICT ({met}) DO UPDATE SET {changes}"
