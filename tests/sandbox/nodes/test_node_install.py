import hashlib
from pathlib import Path

import pytest

from sandbox.engine import install
from sandbox.engine.child import EngineError, EngineUnavailableError
from sandbox.nodes import anvil_install, contracts, debian_install
from sandbox.nodes.debian_install import DebianProgram

SOURCES = Path(contracts.__file__).parent


@pytest.mark.parametrize(
    ("name", "contract"), [("PlainToken", contracts.plain_token), ("UsdtLike", contracts.usdt_like)]
)
def test_what_is_committed_was_compiled_from_the_source_beside_it(name, contract):
    assert contract().source_sha256 == hashlib.sha256((SOURCES / f"{name}.sol").read_bytes()).hexdigest()
    assert contract().runtime_bytecode.startswith("0x6080")


def test_a_machine_that_anvil_is_not_made_for_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(anvil_install.platform, "machine", lambda: "vax")
    with pytest.raises(EngineUnavailableError, match=r"anvil is not to be had for this machine \(linux-vax\)"):
        anvil_install.anvil(tmp_path)


@pytest.mark.slow
def test_another_file_than_the_pinned_one_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setattr(install, "sha256", lambda path: "0" * 64)
    with pytest.raises(EngineError, match="not the file that is pinned"):
        anvil_install.anvil(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_machine_without_debians_mirror_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(
        install, "run_installer", lambda command, purpose, cwd=None: "http://there/ubuntu/ /a.gpg\n"
    )
    with pytest.raises(EngineUnavailableError, match="name no mirror"):
        debian_install.command(DebianProgram("it", "it", "bookworm", "usr/bin/it"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


@pytest.mark.slow
def test_a_package_that_the_suite_lacks_is_told_and_leaves_nothing(tmp_path):
    with pytest.raises(EngineUnavailableError, match=r"it \(Debian's no-such-package\) could not be installed"):
        debian_install.command(DebianProgram("it", "no-such-package", "bookworm", "usr/bin/it"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_packages_without_the_program_are_refused(tmp_path):
    (tmp_path / "lib/x86_64-linux-gnu").mkdir(parents=True)
    (tmp_path / "lib/x86_64-linux-gnu/libc.so.6").touch()
    with pytest.raises(EngineError, match="does not hold usr/bin/it"):
        debian_install._keep(DebianProgram("it", "it", "bookworm", "usr/bin/it"), tmp_path, tmp_path / "kept")
