"""The HTTP frame: one endpoint decorator, errors, pagination, the OpenAPI document."""
