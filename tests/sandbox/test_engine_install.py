import sys

import pytest

from sandbox.engine import child, engine, install
from sandbox.engine.child import EngineError, EngineUnavailableError


def test_a_missing_package_client_is_named():
    with pytest.raises(EngineUnavailableError, match="Java needs the program 'no-such-program'"):
        install.run_installer(["no-such-program"], "Java")


def test_a_failing_package_client_is_told_by_its_last_line():
    command = [sys.executable, "-c", "import sys; sys.exit('first\\nno such package')"]
    with pytest.raises(EngineUnavailableError, match=r"MiniStack could not be installed: no such package$"):
        install.run_installer(command, "MiniStack")


@pytest.mark.slow
def test_an_environment_is_made_once_and_again_when_its_requirements_change(tmp_path, capsys):
    requirements = tmp_path / "requirements-none.txt"
    requirements.write_text("# nothing\n")
    python = install.environment_python("venv", requirements, tmp_path / "engine")
    assert python.exists()
    assert "First start" in capsys.readouterr().out
    install.environment_python("venv", requirements, tmp_path / "engine")
    assert capsys.readouterr().out == ""
    requirements.write_text("# nothing, in other words\n")
    install.environment_python("venv", requirements, tmp_path / "engine")
    assert "First start" in capsys.readouterr().out


def test_an_unknown_engine_is_refused(tmp_path):
    with pytest.raises(EngineError, match="ENGINE=moto is not known: use one of ministack, dynamodb-local"):
        engine.start("moto", tmp_path)


def test_a_process_that_ends_too_early_is_told_with_the_end_of_its_log(tmp_path):
    command = [sys.executable, "-c", "print('out of luck')"]
    started = child.start("Engine", command, tmp_path / "log", {})
    with pytest.raises(EngineError, match=r"(?s)Engine did not become ready.*out of luck"):
        started.wait_until(lambda: False, seconds=10)


def test_a_process_that_does_not_end_when_asked_is_killed(tmp_path):
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    started = child.start("Engine", command, tmp_path / "log", {})
    assert started.stop(seconds=0.2) is False
    assert not started.alive
