"""How the audit calls for a person: a log line for each finding, and an error at the end of the run."""


class AuditAlarmError(Exception):
    """A run of the audit found something that a person must look at; its log lines, at error level, say what.

    All work of the run is done when it is raised: it makes the run count as failed, which the deployment watches.
    """
