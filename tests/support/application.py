"""The application under test: the deployed one, ``app.py``."""

from chalicelib.api.application import GatewayApplication


def application() -> GatewayApplication:
    """Return the one application of the process: Chalice's blueprints know only the last one they joined."""
    import app  # noqa: PLC0415 -- imported when first asked for, as Lambda does

    return app.app
