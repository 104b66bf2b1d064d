"""The DynamoDB table: keys, attributes, the unit of work."""
