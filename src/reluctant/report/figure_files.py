"""All figures of the page as files of one kind, for a paper or slides: drawn only when they are asked for."""

from pathlib import Path
from typing import Literal

from reluctant.analysis import ReportData
from reluctant.report.pictures import FigureFiles, Progress

KINDS = ("png", "svg", "pdf")


def write_figures(
    data: ReportData, folder: str | Path, kind: Literal["png", "svg", "pdf"] = "png", progress: Progress | None = None
) -> list[Path]:
    """Write every figure of the report into `folder`, in its wide form; the paths of the files."""
    from reluctant.report.page import build_page

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = FigureFiles(folder, data.subject.data, progress, kind=kind)
    build_page(data, files)
    return files.written
