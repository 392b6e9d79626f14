"""What the person at the keyboard is told: one exception for mistakes that they can mend, and kinds of warnings."""


class UserError(Exception):
    """A mistake in the input. The message is one line: what (file, line, key) and how to mend it.

    The command line prints it without a traceback and exits with code 2.
    """


class SedkdWarning(UserWarning):
    """Something was left out, dropped or made again, and the work goes on. The message is one line.

    The command line always shows it, wherever sedkd is installed, and shows no warning of another category.
    """


class RowWarning(SedkdWarning):
    """A row of a label file was dropped or cut. There may be one for each of hundreds of files, of which the command
    line shows the first."""


class UnknownLabel(SedkdWarning):
    """Labels of a table that mean no event, and that nobody said to leave out: a check of the data takes it as a
    problem."""
