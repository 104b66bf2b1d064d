"""The whole system on this machine: started in its order, stopped in the opposite one."""

from contextlib import ExitStack
from functools import partial
from typing import Any

from chalicelib import environment
from chalicelib.chains.networks import FAMILY_OF
from chalicelib.chains.workers import scan_chain
from chalicelib.environment import Environment
from sandbox import demo_tenant, directory, functions, identity, product, treasury
from sandbox.background import Repeating
from sandbox.chain import simulated
from sandbox.chain.chains import Chains, Wiring
from sandbox.clock import SandboxClock
from sandbox.conductor import Conductor
from sandbox.controls.desk import Desk
from sandbox.due_work import DueWork
from sandbox.engine import engine as engines
from sandbox.engine.provision import provision
from sandbox.inbox import Inbox
from sandbox.names import LocalNames
from sandbox.prices import PriceDesk
from sandbox.queues.delays import DelayStore
from sandbox.queues.post_office import PostOffice
from sandbox.state_file import StateFile
from sandbox.variables import REAL, VariableError, Variables
from sandbox.web import api_server, control_server, serving

LOOK_SECONDS = 0.1


class System:
    """Everything that runs; entered once, it serves until it is left.

    Args:
        variables: what the person chose.
    """

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._stack = ExitStack()
        self._engine: engines.Engine | None = None
        self._is_saved = False

    def __enter__(self) -> dict[str, Any]:
        """Start everything.

        Returns:
            The demo tenant's credentials.

        Raises:
            VariableError: something that was chosen cannot be used.
            EngineError: the engine cannot be installed or started.
        """
        with ExitStack() as stack:
            credentials = self._start(stack)
            self._stack = stack.pop_all()
        return credentials

    def __exit__(self, *_: object) -> None:
        """Stop everything, and keep the state."""
        say("Stopping; the state is being saved.")
        self._stack.close()
        say("Stopped." if self._is_saved else "Stopped, but not all of the state could be saved.")

    def dead_parts(self) -> list[str]:
        """Return the names of the engine's processes that ended although nobody stopped them."""
        return self._engine.dead() if self._engine else []

    def _start(self, stack: ExitStack) -> dict[str, Any]:
        variables = self._variables
        stack.enter_context(directory.locked(variables.directory))
        _check_ports(variables)
        who = identity.load_or_make(variables)
        self._enter_state(stack)
        clock = SandboxClock(_file(stack, variables, directory.CLOCK))
        surroundings = _file(stack, variables, directory.SURROUNDINGS)
        self._engine = engine = self._start_engine(stack)
        product.use_local_credentials()
        sqs = product.client("sqs", engine.sqs_endpoint)
        names = provision(product.client("dynamodb", engine.dynamodb_endpoint), sqs)
        chains, wiring = self._start_chains(stack, clock)
        post_office = PostOffice(sqs, names.queue_urls, DelayStore(surroundings), clock)
        resolver, prices = LocalNames(surroundings), PriceDesk(surroundings)
        settings = product.settings(variables, who, engine, names, wiring)
        env = product.environment(settings, clock, post_office, resolver, prices)
        application_module = _application(env)
        tick = partial(scan_chain, env)
        schedules = functions.schedules(application_module)
        conductor = Conductor(clock, post_office, schedules, DueWork(env), chains.mine, tick)
        desk = Desk(variables, env, chains, conductor, Inbox(surroundings, clock), resolver, prices)
        return self._open(stack, desk, post_office, application_module)

    def _enter_state(self, stack: ExitStack) -> None:
        """Note the start, go back to the last clean stop where the engine does, and note the next clean stop."""
        where = self._variables.directory
        if not directory.note_start(where):
            say(_LOSS_OF[self._variables.engine])
            if self._variables.engine == engines.ENGINES[0]:
                directory.go_back_to_clean_stop(where)
        stack.callback(lambda: directory.note_clean_stop(where) if self._is_saved else None)

    def _start_chains(self, stack: ExitStack, clock: SandboxClock) -> tuple[Chains, Wiring]:
        """Start the nodes: simulated, or real ones where they can be had."""
        home, seed = self._variables.directory, self._variables.seed
        if self._variables.chains == REAL:
            from sandbox.nodes.real_chains import start  # noqa: PLC0415 -- loaded when chosen

            return start(home, seed, clock, stack, say)
        return simulated.start(home, seed, clock, stack)

    def _start_engine(self, stack: ExitStack) -> engines.Engine:
        say(f"Starting the engine ({self._variables.engine}) …")
        engine = engines.start(self._variables.engine, self._variables.directory / "engine")

        def stop() -> None:
            self._is_saved = engine.stop()

        stack.callback(stop)
        return engine

    def _stock(self, desk: Desk) -> None:
        """Fill the hot wallets."""
        of_coins = [name for name in sorted(desk.env.chains) if desk.env.chains[name].slot_kind == "inputs"]
        treasury.stock(desk.chains, desk.env.catalogue, without=of_coins)
        treasury.stock_coins(desk.chains, desk.conductor, desk.env.catalogue, of_coins)

    def _open(
        self, stack: ExitStack, desk: Desk, post_office: PostOffice, application_module: Any
    ) -> dict[str, Any]:
        """Bring the product to life, the public API last: when it answers, all else is there."""
        say("Preparing prices, chains and the demo tenant …")
        product.free_leases(desk.env)
        self._stock(desk)
        credentials = demo_tenant.load_or_create(desk.env, desk.variables)
        controls = control_server.make_server(desk, desk.variables.control_port)
        _run(stack, controls)
        post_office.start(functions.triggers(application_module))
        stack.callback(post_office.stop)
        desk.conductor.run_schedules()
        api = api_server.make_server(application_module.app, desk.variables.port)
        _run(stack, api)
        _run(stack, Repeating("due work", LOOK_SECONDS, desk.conductor.run_due))
        _start_blocks(stack, desk)
        return credentials


def say(sentence: str) -> None:
    """Tell the person at the terminal how it goes."""
    print(sentence, flush=True)


def _application(env: Environment) -> Any:
    import app  # noqa: PLC0415 -- it provides its own environment when imported; ours comes after

    environment.provide(lambda: env)
    return app


def _run(stack: ExitStack, part: serving.HttpServer | Repeating) -> None:
    part.start()
    stack.callback(part.stop)


def _start_blocks(stack: ExitStack, desk: Desk) -> None:
    if not desk.variables.block_seconds:
        return

    def mine_everywhere() -> None:
        for blockchain in FAMILY_OF:
            desk.conductor.mine_on(blockchain)

    _run(stack, Repeating("blocks", desk.variables.block_seconds, mine_everywhere))


def _file(stack: ExitStack, variables: Variables, name: str) -> StateFile:
    file = StateFile(variables.directory / name)
    stack.callback(file.close)
    return file


def _check_ports(variables: Variables) -> None:
    for name, port in (("PORT", variables.port), ("CONTROL_PORT", variables.control_port)):
        if not serving.is_free(port):
            raise VariableError(f"Port {port} is in use: stop what uses it, or set {name} to another one.")


_LOSS_OF = {
    "ministack": "The sandbox was not stopped cleanly last time: its state is that of the last clean stop.",
    "dynamodb-local": "The sandbox was not stopped cleanly last time: nothing acknowledged is lost; "
    "messages that the queues lost are sent again by the sweeps.",
}
