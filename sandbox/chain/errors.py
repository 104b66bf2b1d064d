"""What the simulated node refuses, each with a sentence for the person who asked."""


class UnknownBlockchainError(KeyError):
    """No such blockchain."""

    def __init__(self, blockchain: str) -> None:
        super().__init__(f"There is no blockchain {blockchain}.")


class UnknownTransactionError(KeyError):
    """The chain has never seen that transaction."""

    def __init__(self, txid: str) -> None:
        super().__init__(f"There is no transaction {txid}.")


class ChainRequestError(ValueError):
    """The request makes no sense on this chain as it stands: bad depth, amount, token, or state."""


class BroadcastRefusedError(ChainRequestError):
    """The node does not take this transaction: wrong signature, used slot, too low a fee, too little coin."""


class NodeDownError(Exception):
    """The node is in an outage and answers nobody."""
