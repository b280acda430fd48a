"""What all tests share."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # the machine may be busy; tests do not time
settings.load_profile("unhurried")
