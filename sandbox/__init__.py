"""The local system: engine, workers, simulated nodes, webhook inbox, controls. Never packaged to AWS."""
