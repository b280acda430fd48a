"""What scores say: verdicts, claims, published numbers, variance by source, probes. Needs no torch.

`ReportData` holds it all, each part computed once; figures, pages, terminals and exports only draw it.
"""

from reluctant.analysis.comparison import Comparison, VerdictRow
from reluctant.analysis.contrasts import Contrast
from reluctant.analysis.headline import headline
from reluctant.analysis.labels import Subject
from reluctant.analysis.question import Question
from reluctant.analysis.report_data import ReportData
from reluctant.analysis.setting_data import SettingData

__all__ = ["Comparison", "Contrast", "Question", "ReportData", "SettingData", "Subject", "VerdictRow", "headline"]
