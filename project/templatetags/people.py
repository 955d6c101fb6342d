"""Names of people in templates."""

from __future__ import annotations

from django import template

from project.people import display_name

register = template.Library()
register.filter("display_name", display_name)
