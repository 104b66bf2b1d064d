"""What the controls work with: the product's environment, and the sandbox around it."""

from dataclasses import dataclass

from chalicelib.currencies.blockchains import UnknownBlockchainError, blockchain_by_name
from chalicelib.environment import Environment
from chalicelib.errors import NotFoundError
from sandbox.chain.chains import Chains
from sandbox.conductor import Conductor
from sandbox.inbox import Inbox
from sandbox.names import LocalNames
from sandbox.prices import PriceDesk
from sandbox.variables import Variables


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that a control may move.

    Attributes:
        variables: what the sandbox was started with.
        env: the product's environment.
        chains: the blockchains, simulated or real.
        conductor: runs what is due.
        inbox: the webhook receivers.
        names: what host names resolve to.
        prices: the local prices.
    """

    variables: Variables
    env: Environment
    chains: Chains
    conductor: Conductor
    inbox: Inbox
    names: LocalNames
    prices: PriceDesk


def blockchain_of(name: str) -> str:
    """Return the short code of the blockchain in a path: any name or alias that the API takes.

    Raises:
        NotFoundError: no blockchain is called that.
    """
    try:
        return blockchain_by_name(name).code
    except UnknownBlockchainError as error:
        raise NotFoundError(str(error)) from None
