"""What the system costs: counted by DynamoDB's published rules, timed where only a clock can tell."""
