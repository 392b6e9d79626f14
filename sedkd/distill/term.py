"""Loss terms, under the name by which modules of one's own import them."""

from sedkd.train.term import Lesson, Sizes, Term, mean_where

__all__ = ["Lesson", "Sizes", "Term", "mean_where"]
