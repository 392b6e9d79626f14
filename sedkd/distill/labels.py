"""The label term, under the name by which modules of one's own import it."""

from sedkd.train.labels import Labels

__all__ = ["Labels"]
