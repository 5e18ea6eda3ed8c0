"""The people of the demo company: a few in every role, one password for all, refused by a production configuration."""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from staff.models import AuthorityLimit, Team, User

PASSWORD = "stay-with-kvar"  # noqa: S105  known on purpose; config.checks keeps it out of production

# login name, given name, family name, role, team
PEOPLE = [
    ("asa", "Åsa", "Lindqvist", "agent", "North"),
    ("jonas", "Jonas", "Weber", "agent", "South"),
    ("mira", "Mira", "Holmgren", "agent", "North"),
    ("lead", "Karin", "Berg", "team lead", "North"),
    ("sofia", "Sofia", "Ekström", "manager", "North"),
    ("erik", "Erik", "Brandt", "manager", "South"),
    ("mark", "Mark", "Ellison", "marketing", None),
    ("dora", "Dora", "Nyström", "data entry", None),
    ("admin", "Alva", "Hedlund", "administrator", None),
]

# role, kind, per case, per customer and year, per agent and day
LIMITS = [
    ("agent", "offer", 60, 150, 600),
    ("team lead", "offer", 150, 300, 1500),
    ("manager", "offer", None, None, None),
    ("agent", "goodwill", 30, 80, 300),
    ("team lead", "goodwill", 100, 200, 1000),
    ("manager", "goodwill", None, None, None),
    ("agent", "redress", 100, 300, 1000),
    ("team lead", "redress", 300, 900, 3000),
    ("manager", "redress", None, None, None),
    ("agent", "stamps", 2, 10, 20),
    ("team lead", "stamps", 5, 20, 50),
    ("manager", "stamps", None, None, None),
]


def load(*, seed: int, now: datetime) -> None:
    """Teams, people and their limits; the same whatever the seed. The roles must be there (sync_roles)."""
    roles = {role.name: role for role in Group.objects.all()}
    teams = {name: Team.objects.get_or_create(name=name)[0] for name in ("North", "South")}
    password = make_password(PASSWORD)
    for username, given_name, family_name, role, team in PEOPLE:
        person, _ = User.objects.update_or_create(
            username=username,
            defaults={
                "first_name": given_name,
                "last_name": family_name,
                "email": f"{username}@kvar.example",
                "password": password,
                "team": teams.get(team),
                "is_demo": True,
                "date_joined": now,
            },
        )
        person.groups.set([roles[role]])
    for role, kind, case, year, day in LIMITS:
        AuthorityLimit.objects.get_or_create(
            role=roles[role],
            kind=kind,
            defaults={"per_case": case, "per_customer_year": year, "per_agent_day": day},
        )
