"""The emulator's consent pages as a person without a browser fills them in."""

from html.parser import HTMLParser

PERSON = "ana@example.test"


class ConsentForm(HTMLParser):
    """A consent page as `PERSON` leaves it: all that is hers and ticked stays ticked."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str | list[str]] = {"account": PERSON, "decision": "allow"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.action = given["action"]
        elif given.get("type") == "hidden":
            self.fields[name] = given["value"]
        elif given.get("type") == "checkbox" and given.get("data-account", PERSON) == PERSON:
            ticked = self.fields.setdefault(name, [])
            assert isinstance(ticked, list)
            if "checked" in given:
                ticked.append(given["value"])
