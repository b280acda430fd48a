"""The published procedure of the article, as its code of the time trains, switch by switch.

What was published differs from the text of the article in its training (here) and in its measurement
(`reluctant.replication`). Facts: the public code github.com/patnicolas/geometriclearning, commits of October
to December 2024.
"""

from reluctant.replication.training.procedure import Published, PublishedNet

__all__ = ["Published", "PublishedNet"]
