"""What mkdocs calls while it builds the site: generated pages, their place in the navigation, links out of docs/."""

from typing import TYPE_CHECKING, Any

from docs.build.activation_pages import activation_pages, families, page_path
from docs.build.command_pages import PATH as COMMANDS
from docs.build.command_pages import command_page
from docs.build.key_pages import KEYS, NAMES, key_page, name_page
from docs.build.markdown import COPIED, ROOT, ROOT_PAGES, for_site
from docs.build.python_pages import python_pages
from docs.build.report_pages import report_pages
from docs.build.style import style_sheet

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

_generated: dict[str, str] = {}


def generated_pages() -> dict[str, str]:
    """Every page and file that is not written by hand, by its path under the folder of the documentation."""
    if not _generated:
        _generated.update(activation_pages())
        _generated.update({COMMANDS: command_page(), KEYS: key_page(), NAMES: name_page(), **python_pages()})
        _generated.update(report_pages())
        _generated["site.css"] = style_sheet()
        for source, path in ROOT_PAGES.items():
            if source != "README.md":
                _generated[path] = for_site((ROOT / source).read_text("utf-8"), root=True)
    return _generated


def on_config(config: "MkDocsConfig") -> "MkDocsConfig":
    """Put every family of the catalogue into the navigation."""
    pages: list[Any] = ["catalogue/index.md"]
    for family, rows in families().items():
        pages.append({family[:1].upper() + family[1:]: [{row.title: page_path(row)} for row in rows]})
    navigation: list[Any] = config.nav or []
    for section in navigation:
        if "Catalogue" in section:
            section["Catalogue"] = pages
    return config


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the generated pages, and the files of the repository that pages link to."""
    from mkdocs.structure.files import File

    for path, text in generated_pages().items():
        files.append(File.generated(config, path, content=text))
    for name in COPIED:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: "Page", config: "MkDocsConfig", files: "Files") -> str:
    """The text of a page written by hand, for the site."""
    return markdown if page.file.src_uri in _generated else for_site(markdown)
