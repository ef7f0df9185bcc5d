"""What is known of every band, as a function of the *set* of money facts (law 3). Pure."""

from edge.core.wallet_rows import Account


class Wallets:
    """The fold of facts of money, as far as they are about media."""

    def __init__(self) -> None:
        self.accounts: dict[bytes, Account] = {}

    def account(self, medium: bytes) -> Account:
        """What is known of a medium; an empty account for one that no fact names."""
        return self.accounts.get(medium) or Account()
