"""The one exception for mistakes that the person at the keyboard can mend."""


class UserError(Exception):
    """A mistake in the input. The message is one line: what (file, line, key) and how to mend it.

    The command line prints it without a traceback and exits with code 2.
    """
