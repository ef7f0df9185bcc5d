"""What the state keeps of one medium: holds, top-ups, and where its band must have got to."""


class Account:
    """Everything folded about one medium."""
