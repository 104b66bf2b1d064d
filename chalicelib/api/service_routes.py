"""The routes about the service itself: is it there, and how is it called. Both are public."""

import msgspec

from chalicelib.api.call import Call
from chalicelib.api.endpoint import Routes
from chalicelib.api.service_schemas import OpenApiDocument, Status

routes = Routes("API Status", __name__)


@routes.get("/status", answer=Status, scopes=None)
def get_status(call: Call) -> Status:  # noqa: ARG001 -- every route function takes the call
    """Check if the API is operational."""
    return Status()


@routes.get("/openapi.json", answer=OpenApiDocument, scopes=None)
def get_openapi_document(call: Call) -> msgspec.Raw:  # noqa: ARG001 -- see above
    """Get this document: every route, parameter, answer and error (OpenAPI 3.1)."""
    from chalicelib.api import openapi  # noqa: PLC0415 -- few processes are ever asked for it

    return msgspec.Raw(openapi.written(routes.application))
