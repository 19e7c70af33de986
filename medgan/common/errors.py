"""The errors that are part of the interface."""


class BadInput(Exception):
    """Something the user gave cannot be used; the message is one line: what, where, what to do.

    The command line prints it and exits with 2, a page shows it, a job keeps it as its reason.
    """


class Busy(BadInput):
    """What was asked for is being done by another process; later it may be free."""


class Cancelled(Exception):
    """The work stopped because it was asked to, and left what it had in a resumable state."""


class WorkFailed(Exception):
    """The work cannot go on although its input was good; the message is one line: what happened, what is kept."""
