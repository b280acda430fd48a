"""Errors that a user can mend: each message names the fault and says what to write instead."""


class ReluctantError(ValueError):
    """A fault that the user can mend."""


class StudyError(ReluctantError):
    """A fault of a study, a command or a folder."""
