"""The tenant that is there from the start, and its credentials file."""

import json
from typing import Any

from chalicelib.environment import Environment
from chalicelib.tenants.service import create_tenant
from sandbox.controls.tenants import credentials as credentials_of
from sandbox.identity import write_secret_file
from sandbox.product import is_known
from sandbox.variables import Variables

FILE_NAME = "credentials.json"
NAME = "Demo Company"


def load_or_create(env: Environment, variables: Variables) -> dict[str, Any]:
    """Return the demo tenant's credentials; it is created when the table does not know it (any more).

    The file is written before this returns, with the URLs of this run.
    """
    path = variables.directory / FILE_NAME
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if not kept or not is_known(env, kept):
        kept = credentials_of(variables, create_tenant(env, NAME, admin=True))
    credentials = {**kept, "base_url": variables.base_url, "control_url": variables.control_url}
    write_secret_file(path, credentials)
    return credentials
