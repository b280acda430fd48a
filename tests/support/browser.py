"""A Chromium without errands of its own, and a page opened in it. For tests with the marker `chromium`."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync")  # fmt: skip

# Every text and block that ends beyond the window, unless a box of its own scrolls it.
BEYOND = """() => [...document.querySelectorAll('body *')].filter(e =>
  !e.closest('.scroll, pre, nav ul') && (!e.closest('svg') || e.matches('svg, text')) &&
  e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1
).map(e => e.tagName + ' ' + e.textContent.slice(0, 40))"""


@contextmanager
def launch_chromium() -> Iterator["Browser"]:
    """The browser; a test is skipped where there is none."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium here; install it or name it in CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=list(OPTIONS))
        yield browser
        browser.close()


def open_page(browser: "Browser", page: Path, width: int, scheme: Any) -> tuple["Page", list[str], Any]:
    """The page; its messages, errors, dialogs and requests elsewhere, as they come; its context to close."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    return tab, watch_tab(tab, page), context


def watch_tab(tab: "Page", page: Path) -> list[str]:
    """Open a page in a tab: what it prints to the console, raises, shows in dialogs or requests elsewhere."""
    messages: list[str] = []
    tab.on("console", lambda message: messages.append(message.text))
    tab.on("pageerror", lambda error: messages.append(str(error)))
    tab.on("request", lambda request: messages.append(request.url) if request.url != page.as_uri() else None)

    def dismiss(dialog: "Dialog") -> None:
        messages.append(dialog.message)
        dialog.dismiss()

    tab.on("dialog", dismiss)
    tab.goto(page.as_uri())
    return messages
