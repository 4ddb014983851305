"""A browser without a person: goes through consent, and through forms on the way to it."""

import ssl
from urllib.parse import urlsplit

import httpx2

from cli.local.consent_form import ConsentForm

NOWHERE = 9
"""The port of redirect URIs where nothing listens: there the browser stops."""
_MOST_PAGES = 20


def visit(url: str) -> str:
    """Follow redirects and send every form as it is; return the last address, fragment included.

    Raises RuntimeError with the page's text where a page is an error, or leads nowhere.
    """
    trust = ssl.create_default_context()
    with httpx2.Client(verify=trust, timeout=60) as browser:
        answer = browser.get(url)
        for _ in range(_MOST_PAGES):
            if answer.has_redirect_location:
                target = answer.url.join(answer.headers["location"])
                if urlsplit(str(target)).port == NOWHERE:
                    return str(target)
                answer = browser.get(target)
                continue
            if answer.is_error:
                raise RuntimeError(f"{answer.url} answered {answer.status_code}: {answer.text}")
            form = ConsentForm()
            form.feed(answer.text)
            if not form.action:
                return str(answer.url)
            answer = browser.post(answer.url.join(form.action), data=form.fields)
    raise RuntimeError(f"{url} leads from page to page without end, at last to {answer.url}.")
