"""The persons and Pages there are.

A person has tasks on Pages, and not always enough of them; a Page can be shared. A Page
that is reachable only through a business portfolio is listed, but no token is given for it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TASKS = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MANAGE", "MODERATE"]
PUBLISH = "pages_manage_posts"


@dataclass(slots=True)
class Person:
    """A Facebook user. `unticked` are the permissions whose boxes start empty."""

    id: str
    email: str
    name: str
    unticked: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Page:
    """A Facebook Page; `tasks` by the id of the person who has them."""

    id: str
    name: str
    category: str = "Bakery"
    tasks: dict[str, list[str]] = field(default_factory=dict)
    has_token: bool = True
    followers: int = 128
    about: str = ""

    def allows(self, person_id: str | None, task: str) -> bool:
        """Tell whether a person has a task here."""
        return task in self.tasks.get(person_id or "", [])


@dataclass(slots=True)
class Directory:
    """All people and all Pages, by id."""

    people: dict[str, Person] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)

    def find_person(self, email: str) -> Person | None:
        """Return the person with an email."""
        return next((person for person in self.people.values() if person.email == email), None)

    def pages_of(self, person_id: str) -> list[Page]:
        """Return the Pages on which a person has any task."""
        return [page for page in self.pages.values() if page.tasks.get(person_id)]

    def seed(self, body: Mapping[str, Any]) -> Person:
        """Add a person, or replace one with their Pages.

        Ids derive from the email and the Page's name, so that a seed is always the same.
        An order for a Page that names the id of one there is lets the person join it.
        """
        email = body.get("email")
        if not isinstance(email, str) or "@" not in email:
            raise ValueError("An account needs an email.")
        name = body.get("name") or email
        orders = _orders(body.get("pages", []), name)
        person = Person(_digits(email, 17), email, name, list(body.get("unticked", [])))
        self.people[person.id] = person
        for page in self.pages.values():
            page.tasks.pop(person.id, None)
        self.pages = {page.id: page for page in self.pages.values() if page.tasks}
        for order in orders:
            page_id = str(order.get("id") or _digits(f"{email} {order['name']}", 15))
            page = self.pages.setdefault(page_id, Page(page_id, order["name"]))
            page.category = order.get("category", page.category)
            page.has_token = bool(order.get("has_token", page.has_token))
            page.tasks[person.id] = list(order.get("tasks", TASKS))
        return person

    def set_roles(self, person: Person, roles: Mapping[str, list[str]]) -> None:
        """Give a person other tasks on Pages named by their names; none is losing the role."""
        by_name = {page.name: page for page in self.pages.values() if person.id in page.tasks}
        for name in roles:
            if name not in by_name:
                raise ValueError(f"{person.name} has no Page {name}. Pages: {', '.join(by_name)}.")
        if not all(isinstance(tasks, list) for tasks in roles.values()):
            raise ValueError("roles must be lists of tasks, by the names of Pages.")
        for name, tasks in roles.items():
            by_name[name].tasks[person.id] = list(tasks)


def seeded() -> Directory:
    """Return the people of a new world: one for each way an integration can go."""
    directory = Directory()
    directory.seed(
        {
            "email": "ana@example.test",
            "name": "Ana",
            "pages": [
                {"name": "Blue Door Bakery"},
                {"name": "Blue Door Catering", "category": "Caterer"},
                {"name": "Blue Door Archive", "tasks": ["ANALYZE"]},
                {"name": "Blue Door Partner", "has_token": False},
            ],
        }
    )
    directory.seed(
        {"email": "ben@example.test", "name": "Ben", "pages": [{"name": "Ben's Garage"}]}
    )
    directory.seed({"email": "nochannel@example.test", "name": "Nora Nochannel"})
    directory.seed(
        {
            "email": "partial@example.test",
            "name": "Pat Partial",
            "pages": [{"name": "Pat Partial"}],
            "unticked": [PUBLISH],
        }
    )
    return directory


def _orders(pages: object, name: str) -> list[dict[str, Any]]:
    if isinstance(pages, int) and not isinstance(pages, bool) and pages >= 0:
        return [{"name": f"{name} {number}"} for number in range(1, pages + 1)]
    if isinstance(pages, list) and all(
        isinstance(page, dict) and isinstance(page.get("name"), str) for page in pages
    ):
        return pages
    raise ValueError("pages must be a number, or a list of objects with a name.")


def _digits(seed: str, length: int) -> str:
    number = int(hashlib.sha256(seed.encode()).hexdigest(), 16)
    return "1" + str(number)[: length - 1]
