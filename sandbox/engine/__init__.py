"""The local DynamoDB and SQS: installed on first use, then started and provisioned as the deployment is."""
