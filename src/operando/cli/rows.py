"""Frames of a file, as a command line names them."""


def rows_of(text: str) -> slice:
    """Return the frames that ``FIRST:LAST``, or one number, means.

    Raises
    ------
    ConfigurationError
        It means nothing.

    Examples
    --------
    >>> rows_of("3:7"), rows_of("4")
    (slice(3, 7, None), slice(4, 5, None))
    """
    from operando.errors import ConfigurationError

    first, colon, last = text.partition(":")
    try:
        if not colon:
            return slice(int(text), int(text) + 1)
        return slice(int(first) if first else None, int(last) if last else None)
    except ValueError:
        words = f"--frames {text}: FIRST:LAST or one number is wanted, from 0; nothing is done"
        raise ConfigurationError(words) from None
