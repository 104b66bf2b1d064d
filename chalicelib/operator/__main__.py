"""``python -m chalicelib.operator <command> …``: runs one command on the deployment that the settings name."""

import json
import sys
from collections.abc import Callable, Sequence

from chalicelib import assembly
from chalicelib.config import ConfigurationError
from chalicelib.environment import Environment
from chalicelib.errors import ApiError
from chalicelib.operator.command_line import OperatorHelp, OperatorUsageError, read
from chalicelib.storage.calls import StorageUnavailableError

REFUSED = 1
MISUSED = 2


def main(argv: Sequence[str], build: Callable[[], Environment] = assembly.build) -> int:
    """Run one command, print its answer as JSON, and return the exit code."""
    try:
        command = read(argv)
        answer, code = command(build()), 0
    except OperatorHelp as asked:
        print(asked)
        return 0
    except (OperatorUsageError, ConfigurationError, StorageUnavailableError) as error:
        print(error, file=sys.stderr)
        return MISUSED
    except ApiError as error:
        answer, code = error.envelope(), REFUSED
    print(json.dumps(answer, indent=2))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
