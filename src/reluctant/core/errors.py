"""Errors that a user can mend: each message names the fault and says what to write instead."""


class StudyError(Exception):
    """A fault that the user can mend; its message names the fault and says what to write instead."""
