"""Programs out of Debian's packages, unpacked beside us with every library they need: the system stays as it is.

Debian's own client fetches the packages, from the mirror that this machine uses, in a private configuration with
an empty list of what is installed: so the whole tree of libraries comes along, the C library included, and the
program runs by its own loader, whatever the system's libraries are. The client checks Debian's signature on
everything it fetches.
"""

import getpass
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox.engine import install
from sandbox.engine.child import EngineError, EngineUnavailableError

DEBIANS_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_LIBRARIES = "lib/*-linux-gnu*/*.so*"


@dataclass(frozen=True, slots=True)
class DebianProgram:
    """A program of one of Debian's packages.

    Attributes:
        name: what it is called here.
        package: the package; with ``=version`` where a suite does not move any more.
        suite: Debian's suite that has it.
        path: where it lies in the package.
    """

    name: str
    package: str
    suite: str
    path: str


def command(program: DebianProgram, root: Path) -> list[str]:
    """Return the command that runs a program with its own libraries, fetched on first use.

    Raises:
        EngineUnavailableError: this machine has no Debian client or mirror, or that suite lacks the package.
        EngineError: the packages do not hold what they should.
    """
    home = root / program.name
    with install.installing(root):
        if not home.exists():
            _fetch(program, home)
    return [str(_loader(home)), "--library-path", str(home / "lib"), str(home / program.name)]


def _fetch(program: DebianProgram, home: Path) -> None:
    print(f"First start: fetching {program.package} from Debian {program.suite}, with its libraries …", flush=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        work = Path(folder)
        unpacked = work / "unpacked"
        for package in _download(program, work):
            install.run_installer(["dpkg-deb", "-x", str(package), str(unpacked)], program.name)
        _keep(program, unpacked, work / "kept")
        (work / "kept").rename(home)


def _download(program: DebianProgram, work: Path) -> list[Path]:
    client = _private_client(program.suite, work)
    purpose = f"{program.name} (Debian's {program.package})"
    install.run_installer([*client, "update", "--error-on=any"], purpose)
    install.run_installer([*client, "install", "--yes", "--download-only", program.package], purpose)
    return sorted((work / "cache" / "archives").glob("*.deb"))


def _private_client(suite: str, work: Path) -> list[str]:
    """Return Debian's client with all its state in a folder, and one suite of this machine's own mirror."""
    for folder in ("state/lists/partial", "cache/archives/partial", "parts"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    mirror, keyring = _mirror()
    (work / "sources.list").write_text(f"deb [signed-by={keyring}] {mirror} {suite} main\n")
    options = {
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": work / "parts",
        "Dir::Etc::preferences": work / "no-preferences",
        "Dir::Etc::preferencesparts": work / "parts",
        "Dir::State": work / "state",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "Debug::NoLocking": "1",
        "APT::Install-Recommends": "0",
        "APT::Sandbox::User": getpass.getuser(),
        "Acquire::Languages": "none",
    }
    return ["apt-get", "--quiet", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]


def _mirror() -> tuple[str, str]:
    """Return the Debian mirror that this machine's own sources name, and the keyring that they trust."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(SIGNED_BY)", "Identifier: Packages"]
    for line in install.run_installer(asked, "What comes from Debian").splitlines():
        address, _, keyring = line.partition(" ")
        if address.rstrip("/").endswith("/debian"):
            return address, keyring.strip() if keyring.startswith("/") else DEBIANS_KEYRING
    raise EngineUnavailableError("Debian's programs cannot be had: this machine's package sources name no mirror")


def _keep(program: DebianProgram, unpacked: Path, kept: Path) -> None:
    """Take the program and the libraries out of all that the packages hold."""
    libraries = [*unpacked.glob(_LIBRARIES), *unpacked.glob(f"usr/{_LIBRARIES}")]
    if not (unpacked / program.path).is_file() or not libraries:
        raise EngineError(f"{program.package} of Debian {program.suite} does not hold {program.path}")
    (kept / "lib").mkdir(parents=True)
    for library in libraries:
        shutil.copy2(library, kept / "lib" / library.name, follow_symlinks=False)
    shutil.copy2(unpacked / program.path, kept / program.name)


def _loader(home: Path) -> Path:
    """Return the dynamic loader that came along with the C library."""
    loaders = sorted(each for each in (home / "lib").glob("ld-linux*.so*") if os.access(each, os.X_OK))
    if not loaders:
        raise EngineError(f"{home} has no loader of its own: delete it, to have it fetched again")
    return loaders[0]
