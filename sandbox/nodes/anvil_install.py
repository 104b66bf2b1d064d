"""Where anvil comes from: an npm package that carries the one binary."""

import platform
import sys
import tarfile
import tempfile
from pathlib import Path

from sandbox.engine import install
from sandbox.engine.child import EngineError, EngineUnavailableError

NODES_DIRECTORY = install.ENGINE_DIRECTORY / "nodes"
VERSION = "1.7.1"
# One package for each platform; those whose file has been looked at are pinned here.
_TARBALL_SHA256 = {"linux-amd64": "5727dd8f08f3bf6dde4ec1d9832e87c43f9315ef824bff1ab18486bf51bc7af3"}
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def anvil(root: Path = NODES_DIRECTORY) -> Path:
    """Return anvil's binary, fetched on first use and refused when it is not the one that is pinned.

    Raises:
        EngineUnavailableError: there is none for this machine, or it cannot be fetched.
        EngineError: what was fetched is something else.
    """
    home = root / f"anvil-{VERSION}"
    with install.installing(root):
        if not home.exists():
            _fetch(home, _platform())
    return home / "bin" / "anvil"


def _platform() -> str:
    machine = platform.machine()
    name = f"{sys.platform}-{_ARCHITECTURES.get(machine, machine)}"
    if name not in _TARBALL_SHA256:
        raise EngineUnavailableError(f"anvil is not to be had for this machine ({name})")
    return name


def _fetch(home: Path, platform_name: str) -> None:
    package = f"@foundry-rs/anvil-{platform_name}@{VERSION}"
    print(f"First start: fetching anvil ({package}) …", flush=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        install.run_installer(["npm", "pack", package, "--silent"], "anvil", Path(folder))
        tarball = next(Path(folder).glob("*.tgz"))
        if install.sha256(tarball) != _TARBALL_SHA256[platform_name]:
            raise EngineError(f"{package} is not the file that is pinned here: it was not installed")
        with tarfile.open(tarball) as archive:
            archive.extractall(folder, filter="data")
        (Path(folder) / "package").rename(home)
