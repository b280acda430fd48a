"""A page as a parser reads it, and a text that attacks whatever shows it."""

from html.parser import HTMLParser
from pathlib import Path

ATTACK = "</pre></title></style><script>alert(9)</script><img src=x onerror=alert(8)>{{7*7}}{% raw %}"
TAGS = frozenset({
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "nav", "p", "span", "h1",
    "h2", "h3", "ul", "li", "a", "figure", "figcaption", "div", "details", "summary", "table", "caption",
    "thead", "tbody", "tr", "th", "td", "small", "strong", "em", "code", "pre", "dl", "dt", "dd", "br", "svg",
    "g", "path", "rect", "text", "tspan", "use", "defs", "clippath",
})  # fmt: skip  # all that a report consists of


class ParsedPage(HTMLParser):
    """The tags of a page with their attributes, in order, and its text outside of styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Add a tag."""
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        """Leave a tag."""
        self._inside = "/" + tag

    def handle_data(self, data: str) -> None:
        """Add text."""
        if self._inside not in ("", "style"):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every tag of this name."""
        return [attributes for name, attributes in self.tags if name == tag]


def read_report(folder: Path) -> str:
    """The page in a study's folder."""
    return (folder / "report.html").read_text("utf-8")
