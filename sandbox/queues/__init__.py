"""The queues on the sandbox's clock: sends that wait, pollers that call the Lambda handlers, what comes back."""
