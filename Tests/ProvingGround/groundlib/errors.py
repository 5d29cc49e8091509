"""The one exception that reaches the user as a sentence instead of a traceback."""


class GroundError(Exception):
    """A condition the user can act on; its text says what is wrong and what to do about it."""
