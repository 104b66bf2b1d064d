"""Examples for every body and answer, put together from the examples of their fields."""

from typing import Any

Json = dict[str, Any]
# By the name of a field, where its schema has no example of its own.
_BY_NAME: Json = {
    "access_token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjXzEifQ.c2lnbmF0dXJl",
    "account_name": "Wallet 1",
    "address": "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf",
    "amount": 100.0,
    "blockchain": "TRX",
    "callback_url": "https://your-site.com/webhook",
    "client_id": "c_9XkQ2mVt7RzLw4Bn8YdPa1Hs",
    "client_secret": "shown-once",
    "currency": "USDTTRC20",
    "currency_from": "USD",
    "currency_to": "USDTTRC20",
    "customer_email": "customer@example.com",
    "estimated_amount": 99.9,
    "expires_in": 36000,
    "fee_amount": 1.0,
    "fee_percentage": 1.0,
    "min_amount": 10.0,
    "max_amount": 100000.0,
    "message": "Saved.",
    "name": "My Wallet",
    "order_description": "Payment for order 123",
    "order_id": "order_123",
    "payment_uri": "tron:TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf?amount=100",
    "price_amount": "100.00",
    "price_currency": "USD",
    "rate": 0.999,
    "scope": "read write",
    "token": "USDT",
    "transaction_hash": "5f1c0e2d7b9a4c3e8d6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d",
    "transaction_id": "123e4567-e89b-12d3-a456-426614174000",
    "wallet_id": "w_abc123",
    "webhook_callback_url": "https://your-site.com/webhook",
}
_BY_TYPE: Json = {"string": "text", "integer": 1, "number": 1.0, "boolean": False, "null": None, "object": {}}
_TIME = "2024-12-27T10:00:00Z"


def with_example(document: Json) -> Json:
    """Return the document with an example at each JSON body that has none."""
    components = document["components"]["schemas"]
    for operations in document["paths"].values():
        for operation in operations.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for content in (body.get("content", {}) for body in bodies):
                for described in content.values():
                    described["example"] = example_of(described["schema"], components)
    return document


def example_of(schema: Json, components: Json, name: str = "") -> Any:
    """Make a value that a schema allows.

    Args:
        schema: of JSON Schema, as msgspec writes it.
        components: what it may refer to.
        name: the field's name, which may tell more than its type.
    """
    if "$ref" in schema:
        return example_of(components[schema["$ref"].rpartition("/")[2]], components, name)
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], components, name)
    stated = _stated(schema)
    return _of_type(schema, components, name) if stated is None else stated


def _stated(schema: Json) -> Any:
    """Return the value that the schema itself names, if it names any."""
    choices = schema.get("enum", [])
    chosen = ["read"] if "read" in choices else choices
    stated = [schema.get("default"), *schema.get("examples", []), schema.get("const"), *chosen]
    return next((value for value in stated if value is not None), None)


def _of_type(schema: Json, components: Json, name: str) -> Any:
    kind = schema.get("type", "object")
    if kind == "object" and "properties" in schema:
        return {key: example_of(part, components, key) for key, part in schema["properties"].items()}
    if kind == "array":
        return [example_of(schema["items"], components, name)] if "items" in schema else []
    if schema.get("format") == "date-time":
        return _TIME
    named = _BY_NAME.get(name)
    is_fitting = isinstance(named, str) if kind == "string" else isinstance(named, float | int)
    return named if named is not None and is_fitting else _BY_TYPE.get(kind, "text")
