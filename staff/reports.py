"""The reports page's contract: each app lists its reports."""

from dataclasses import dataclass

from django.utils.functional import Promise

from staff.registry import Registry


@dataclass(frozen=True)
class Report:
    title: str | Promise
    about: str | Promise
    url_name: str
    permission: str


reports: Registry[Report] = Registry()
