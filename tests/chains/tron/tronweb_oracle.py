"""Where tronweb comes from: TRON's own library, one pinned npm package, run by node. For tests alone."""

import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

from sandbox.engine import install
from sandbox.engine.child import EngineError

PACKAGE = "tronweb@6.5.1"
TARBALL_SHA256 = "a3132459409d02ea19291d4d746df1cce899561874dcb5268a1b9d893be471f4"
SCRIPT = Path(__file__).with_name("tronweb_oracle.js")


def bundle(root: Path = install.ENGINE_DIRECTORY) -> Path:
    """Return the library's bundle, which needs no other package; fetched on first use, refused when not as pinned.

    Raises:
        EngineError: npm is missing or cannot fetch it, or what came is something else.
    """
    home = root / "tronweb-6.5.1"
    with install.installing(root):
        if not home.exists():
            _fetch(home)
    return home / "package" / "dist" / "TronWeb.js"


def answers(cases: list[dict]) -> list[dict]:
    """Return what tronweb makes of transfers: raw data, id and signature."""
    command = ["node", str(SCRIPT), str(bundle())]
    done = subprocess.run(
        command, input=json.dumps(cases), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def _fetch(home: Path) -> None:
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        install.run_installer(["npm", "pack", PACKAGE, "--silent"], "tronweb", Path(folder))
        tarball = next(Path(folder).glob("*.tgz"))
        if install.sha256(tarball) != TARBALL_SHA256:
            raise EngineError(f"{PACKAGE} is not the file that is pinned here: it was not installed")
        with tarfile.open(tarball) as archive:
            archive.extractall(Path(folder) / "unpacked", filter="data")
        (Path(folder) / "unpacked").rename(home)
