"""The reference of Python: a page for each public module, whose text mkdocstrings takes from the source."""

import importlib
import inspect

PACKAGES = ("reluctant", "reluctant.activations", "reluctant.data", "reluctant.models")
INTEGRATIONS = ("reluctant.integrations.lightning.Report", "reluctant.integrations.huggingface.Report")
_SUBPAGES = {"activations", "data", "models"}


def python_pages() -> dict[str, str]:
    """The Markdown of every page by its path."""
    pages = {_path(package): _page(package) for package in PACKAGES}
    names = "\n\n".join(f"## `{name}`\n\n::: {name}" for name in INTEGRATIONS)
    about = "Callbacks for trainings of other libraries; see [the guide](../../integrations.md)."
    pages["reference/python/integrations.md"] = f"# reluctant.integrations\n\n{about}\n\n{names}\n"
    return pages


def public_names(package: str) -> dict[str, str]:
    """Every public name of a module, with the path where its source stands; empty for what is no code."""
    module = importlib.import_module(package)
    homes = {}
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            homes[name] = f"{thing.__module__}.{thing.__qualname__}"
        elif inspect.ismodule(thing) or isinstance(thing, str | int | float):
            homes[name] = ""
        else:
            homes[name] = f"{package}.{name}"
    return homes


def _path(package: str) -> str:
    return f"reference/python/{package.removeprefix('reluctant.').replace('reluctant', 'index')}.md"


def _page(package: str) -> str:
    module = importlib.import_module(package)
    doc = inspect.getdoc(module) or ""
    parts = [f"# {package}", doc]
    for name, home in public_names(package).items():
        if package == "reluctant" and name in _SUBPAGES:
            parts += [f"## `{name}`", f"A module: [reluctant.{name}]({name}.md)."]
        elif home:
            parts += [f"## `{name}`", f"::: {home}"]
        else:
            value = getattr(module, name)
            text = "The installed version." if name == "__version__" else f"`{value!r}`"
            parts += [f"## `{name}`", text]
    if package == "reluctant":
        parts += ["## Integrations", "[reluctant.integrations](integrations.md): Lightning and Hugging Face."]
    return "\n\n".join(parts) + "\n"
