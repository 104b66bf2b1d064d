"""Litecoind and bitcoind on a chain of their own (regtest), whose only miner we are."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.engine.child import EngineError
from sandbox.nodes.anvil_install import NODES_DIRECTORY
from sandbox.nodes.debian_install import DebianProgram, command
from sandbox.nodes.json_rpc import JsonRpc
from sandbox.nodes.process import LOOPBACK, NodeProcess, start

AHEAD_SECONDS = 3 * 366 * 86_400
"""So far ahead a node's clock starts when it refuses to start on a block that is more than two hours early."""

EARLY_SECONDS = 7_200
EXPIRY_HOURS = 24 * 366
"""How long a transaction waits before the node forgets it: tests move clocks by weeks."""

_CONFIGURATION = "node.conf"
_COMMON = [
    "-regtest=1",
    "-server=1",
    "-txindex=1",
    "-listen=0",
    "-connect=0",
    "-dnsseed=0",
    "-par=1",
    "-acceptnonstdtxn=0",
    "-printtoconsole=0",
    f"-mempoolexpiry={EXPIRY_HOURS}",
    f"-maxtipage={100 * 366 * 86400}",
    f"-rpcbind={LOOPBACK}",
    f"-rpcallowip={LOOPBACK}",
]


@dataclass(frozen=True, slots=True)
class CoinDaemon:
    """One kind of node, with what only it is told."""

    program: DebianProgram
    options: tuple[str, ...] = field(default=())


# Litecoin's extension blocks (MWEB) would begin at height 432 of a regtest chain, and no block could be made there
# unless somebody had paid into them just before: such a chain never begins them.
LITECOIND = CoinDaemon(
    DebianProgram("litecoind", "litecoind=0.21.2.1-1+b1", "bookworm", "usr/lib/litecoin/litecoind"),
    ("-vbparams=mweb:-2:0",),
)
# Bitcoin Knots with Bitcoin Core's rules for what is passed on; it would refuse to run after a date.
BITCOIND = CoinDaemon(
    DebianProgram("bitcoind", "bitcoin-knots", "unstable", "usr/bin/bitcoind"),
    ("-corepolicy=1", "-softwareexpiry=0"),
)


def start_coin_daemon(
    daemon: CoinDaemon,
    directory: Path,
    now: float,
    root: Path = NODES_DIRECTORY,
    options: tuple[str, ...] = ("-disablewallet=1",),
) -> NodeProcess:
    """Start litecoind or bitcoind with the chain that lies in a directory; a new one when there is none.

    Args:
        daemon: ``LITECOIND`` or ``BITCOIND``.
        directory: all its data, and its log.
        now: its time, in Unix seconds: it stands still until it is set again.
        root: where it is installed.
        options: further options.

    Raises:
        EngineUnavailableError: it is not to be had here.
        EngineError: it does not start.
    """
    directory.mkdir(parents=True, exist_ok=True)
    login = f"sluice:{secrets.token_hex(16)}"
    configuration = directory / _CONFIGURATION
    configuration.touch(mode=0o600)
    user, _, password = login.partition(":")
    configuration.write_text(f"rpcuser={user}\nrpcpassword={password}\n")
    words = [*command(daemon.program, root), f"-datadir={directory.absolute()}"]
    words += [f"-conf={configuration.absolute()}", *_COMMON, *daemon.options, *options]

    def started_at(time: int) -> NodeProcess:
        return start(
            daemon.program.name,
            lambda port: [*words, f"-mocktime={time}", f"-rpcport={port}"],
            "getblockcount",
            directory / f"{daemon.program.name}.log",
            _end,
            login=login,
            environment={"HOME": str(directory)},
        )

    try:
        return started_at(int(now))
    except EngineError:
        node = started_at(int(now) + AHEAD_SECONDS)
        _come_back(node.rpc, int(now))
        return node


def _come_back(rpc: JsonRpc, now: int) -> None:
    """Set the clock right, and give up blocks from the future.

    A stop in the middle of emptying the mempool can leave one, and no node starts on such a block by its own.
    """
    rpc.ask("setmocktime", now)
    while (tip := rpc.ask("getblockheader", rpc.ask("getbestblockhash")))["time"] > now + EARLY_SECONDS:
        rpc.ask("invalidateblock", tip["hash"])


def _end(rpc: JsonRpc) -> None:
    """Have all of it written, and the process ended: now and then litecoind hangs before it would write itself."""
    rpc.ask("savemempool")
    rpc.ask("gettxoutsetinfo")  # it begins with writing blocks and coins to disk
    rpc.ask("stop")
