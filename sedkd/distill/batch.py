"""A batch as loss terms see it, under the name by which modules of one's own import it."""

from sedkd.train.batch import Batch

__all__ = ["Batch"]
