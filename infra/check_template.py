"""Asserts what no linter knows of the packaged template; run as ``python infra/check_template.py TEMPLATE``.

Each rule is a function whose docstring is the sentence that is told when it does not hold.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Resources = Mapping[str, Mapping[str, Any]]

FUNCTIONS = {
    "APIHandler",
    "ScanChains",
    "ExpirePayments",
    "SweepOutbox",
    "SweepRetries",
    "SweepAccounts",
    "RefreshPrices",
    "AuditChains",
    "AuditCustody",
    "HandleDeposits",
    "NumberEvents",
    "DeliverWebhooks",
    "HandleTransfers",
    "HandlePayouts",
}
QUEUE_OF = {
    "HandleDeposits": "DepositsQueue",
    "NumberEvents": "NumberingQueue",
    "DeliverWebhooks": "DeliveriesQueue",
    "HandleTransfers": "TransfersQueue",
    "HandlePayouts": "PayoutsQueue",
}
SIGNER = "HandlePayouts"
AUDITS = ("AuditChains", "AuditCustody")
KNOW_WALLETS = {SIGNER, "SweepAccounts"}
VISIBILITY_PER_TIMEOUT = 6  # AWS's own advice for SQS event sources of Lambda
RECEIVES = 5
API_TIMEOUT_SECONDS = 29  # API Gateway gives up after that


def functions_are_the_expected(resources: Resources) -> Iterator[str]:
    """The functions of app.py and those that infra/resources.json knows are the same."""
    built = {name for name, resource in resources.items() if resource.get("Type") == "AWS::Serverless::Function"}
    yield from built ^ FUNCTIONS


def everything_has_a_type(resources: Resources) -> Iterator[str]:
    """An override in infra/resources.json without a type belongs to a function that app.py no longer has."""
    yield from (name for name, resource in resources.items() if "Type" not in resource)


def functions_run_on_arm(resources: Resources) -> Iterator[str]:
    """Every function runs on arm64."""
    for name in FUNCTIONS & resources.keys():
        if resources[name]["Properties"].get("Architectures") != ["arm64"]:
            yield name


def batches_are_partial(resources: Resources) -> Iterator[str]:
    """Every queue function reports single failures; else Lambda deletes the failed messages of a batch."""
    for name in QUEUE_OF:
        if _source(resources, name).get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield name


def functions_read_their_queue(resources: Resources) -> Iterator[str]:
    """Every queue function is fed by the queue of this template."""
    for name, queue in QUEUE_OF.items():
        if _source(resources, name).get("Queue") != {"Fn::Sub": f"${{{queue}.Arn}}"}:
            yield name


def visibility_covers_retries(resources: Resources) -> Iterator[str]:
    """A message stays invisible for at least six times the timeout of the function that handles it."""
    for name, queue in QUEUE_OF.items():
        timeout_seconds = resources[name]["Properties"]["Timeout"]
        if resources[queue]["Properties"]["VisibilityTimeout"] < VISIBILITY_PER_TIMEOUT * timeout_seconds:
            yield queue


def queues_have_dead_letters(resources: Resources) -> Iterator[str]:
    """Every queue gives a message up to a dead-letter queue of its own kind after five receives."""
    for queue in QUEUE_OF.values():
        dead = _dead_letter_queue(queue)
        policy = resources[queue]["Properties"].get("RedrivePolicy", {})
        wanted = {"deadLetterTargetArn": {"Fn::GetAtt": [dead, "Arn"]}, "maxReceiveCount": RECEIVES}
        if policy != wanted or _is_fifo(resources, queue) != _is_fifo(resources, dead):
            yield queue


def dead_letters_raise_alarms(resources: Resources) -> Iterator[str]:
    """Every dead-letter queue has an alarm that tells somebody of the first message."""
    watched = {
        _watched_queue(alarm) for alarm in _of_type(resources, "AWS::CloudWatch::Alarm") if alarm["AlarmActions"]
    }
    yield from {_dead_letter_queue(queue) for queue in QUEUE_OF.values()} - watched


def audits_raise_alarms(resources: Resources) -> Iterator[str]:
    """Each audit has an alarm that tells somebody of a run that ended in an error, and is not run again for it."""
    watched = {
        alarm["Dimensions"][0]["Value"].get("Ref")
        for alarm in _of_type(resources, "AWS::CloudWatch::Alarm")
        if alarm["MetricName"] == "Errors" and alarm["Threshold"] == 0 and alarm["AlarmActions"]
    }
    for name in AUDITS:
        properties = resources[name]["Properties"]
        if name not in watched or properties.get("EventInvokeConfig", {}).get("MaximumRetryAttempts") != 0:
            yield name


def table_is_protected(resources: Resources) -> Iterator[str]:
    """The table is kept whatever happens to the stack, can be restored to any second, and is paid by request."""
    table = resources["Table"]
    properties = table["Properties"]
    held = (
        table.get("DeletionPolicy") == table.get("UpdateReplacePolicy") == "Retain"
        and properties.get("DeletionProtectionEnabled") is True
        and properties.get("PointInTimeRecoverySpecification") == {"PointInTimeRecoveryEnabled": True}
        and properties.get("BillingMode") == "PAY_PER_REQUEST"
    )
    if not held:
        yield "Table"


def api_answers_in_time(resources: Resources) -> Iterator[str]:
    """The API's function gives up before API Gateway does."""
    if resources["APIHandler"]["Properties"]["Timeout"] > API_TIMEOUT_SECONDS:
        yield "APIHandler"


def gateway_speaks_our_envelope(resources: Resources) -> Iterator[str]:
    """What API Gateway answers by itself has our error envelope and a request id; unknown paths are 404."""
    answers = resources["RestAPI"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]
    for name, answer in answers.items():
        template = answer["responseTemplates"]["application/json"].replace("$context.error.messageString", '"…"')
        if set(json.loads(template)["error"]) != {"code", "message", "details"}:
            yield name
        if "gatewayresponse.header.X-Request-Id" not in answer["responseParameters"]:
            yield name
    if answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] != "404":
        yield "MISSING_AUTHENTICATION_TOKEN"


def policies_name_their_resources(resources: Resources) -> Iterator[str]:
    """No role may act on every resource."""
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            documents.append(properties["PolicyDocument"])
        if any(_is_everything(each["Resource"]) for document in documents for each in document["Statement"]):
            yield name


def functions_reach_every_queue(resources: Resources) -> Iterator[str]:
    """Every function may write to every queue of the template: what wakes another is sent from anywhere."""
    for function in FUNCTIONS:
        reached = [
            resource
            for statement in _rights(resources, function)
            if any(action.startswith("sqs:") for action in _listed(statement["Action"]))
            for resource in _listed(statement["Resource"])
        ]
        yield from (queue for queue in QUEUE_OF.values() if {"Fn::GetAtt": [queue, "Arn"]} not in reached)


def api_uses_no_key(resources: Resources) -> Iterator[str]:
    """The API's function may use no key and read no secret but the nodes': it asks whether an address is new."""
    secrets = [
        resource
        for statement in _rights(resources, "APIHandler")
        if any(action.startswith(("secretsmanager:", "ssm:")) for action in _listed(statement["Action"]))
        for resource in _listed(statement["Resource"])
    ]
    are_nodes = all("/chain-nodes-" in str(resource) for resource in secrets)
    if _may(resources, "APIHandler", ("kms:",)) or not are_nodes:
        yield "APIHandler"


def only_payouts_sign(resources: Resources) -> Iterator[str]:
    """Only the payouts' function may sign with keys of the key service, and open sealed seeds."""
    for function in FUNCTIONS:
        if _may(resources, function, ("kms:Sign", "kms:Decrypt", "kms:*")) != (function == SIGNER):
            yield function


def few_know_the_wallets(resources: Resources) -> Iterator[str]:
    """Only who must know the hot wallets' addresses is told where their keys lie, and may ask for public keys."""
    for function in FUNCTIONS:
        told = "HOT_WALLETS" in _variables(resources, function)
        may_ask = _may(resources, function, ("kms:GetPublicKey", "kms:*"))
        if not told == may_ask == (function in KNOW_WALLETS):
            yield function


def nodes_are_read_at_run_time(template_globals: Mapping[str, Any]) -> Iterator[str]:
    """Where nodes are is a secret (it holds keys), so no function's variables hold it, only its name."""
    nodes = template_globals["Function"]["Environment"]["Variables"]["CHAIN_NODES"]
    if not str(nodes.get("Fn::Sub", "")).startswith("secretsmanager:"):
        yield "CHAIN_NODES"


RULES: tuple[Callable[[Resources], Iterator[str]], ...] = (
    everything_has_a_type,
    functions_are_the_expected,
    functions_run_on_arm,
    batches_are_partial,
    functions_read_their_queue,
    visibility_covers_retries,
    queues_have_dead_letters,
    dead_letters_raise_alarms,
    audits_raise_alarms,
    table_is_protected,
    api_answers_in_time,
    gateway_speaks_our_envelope,
    policies_name_their_resources,
    functions_reach_every_queue,
    api_uses_no_key,
    only_payouts_sign,
    few_know_the_wallets,
)
GLOBAL_RULES: tuple[Callable[[Mapping[str, Any]], Iterator[str]], ...] = (nodes_are_read_at_run_time,)


def broken_rules(template: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each rule that a packaged template breaks, with the resources that break it."""
    told = []
    for rule in RULES:
        broken = sorted(set(rule(template["Resources"])))
        if broken:
            told.append(f"{rule.__doc__} Not so: {', '.join(broken)}")
            if rule in {everything_has_a_type, functions_are_the_expected}:
                return told  # the other rules would only stumble over the same names
    for rule in GLOBAL_RULES:
        broken = sorted(rule(template["Globals"]))
        if broken:
            told.append(f"{rule.__doc__} Not so: {', '.join(broken)}")
    return told


def main(path: Path) -> int:
    """Check one packaged template; print what is wrong; return the exit status."""
    broken = broken_rules(json.loads(path.read_text()))
    for sentence in broken:
        print(f"{path}: {sentence}", file=sys.stderr)
    if not broken:
        print(f"{path}: {len(RULES) + len(GLOBAL_RULES)} rules hold")
    return min(len(broken), 1)


def _source(resources: Resources, function: str) -> Mapping[str, Any]:
    events = resources[function]["Properties"]["Events"]
    source: Mapping[str, Any] = events[f"{function}SqsEventSource"]["Properties"]
    return source


def _rights(resources: Resources, function: str) -> Iterator[Mapping[str, Any]]:
    """Yield the statements of a function's role: those of its own and those of the policies attached to it."""
    role = resources[resources[function]["Properties"]["Role"]["Fn::GetAtt"][0]]["Properties"]
    for policy in role.get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]
    for attached in role.get("ManagedPolicyArns", []):
        yield from resources[attached["Ref"]]["Properties"]["PolicyDocument"]["Statement"]


def _may(resources: Resources, function: str, services: tuple[str, ...]) -> bool:
    actions = (action for statement in _rights(resources, function) for action in _listed(statement["Action"]))
    return any(action.startswith((*services, "*")) for action in actions)


def _variables(resources: Resources, function: str) -> Mapping[str, Any]:
    variables: Mapping[str, Any] = resources[function]["Properties"].get("Environment", {}).get("Variables", {})
    return variables


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _dead_letter_queue(queue: str) -> str:
    return queue.removesuffix("Queue") + "DeadLetterQueue"


def _is_fifo(resources: Resources, queue: str) -> bool:
    return bool(resources[queue]["Properties"].get("FifoQueue", False))


def _of_type(resources: Resources, kind: str) -> Iterator[Mapping[str, Any]]:
    return (resource["Properties"] for resource in resources.values() if resource.get("Type") == kind)


def _watched_queue(alarm: Mapping[str, Any]) -> str:
    if alarm["Threshold"] != 0 or alarm["ComparisonOperator"] != "GreaterThanThreshold":
        return ""
    return str(alarm["Dimensions"][0]["Value"].get("Fn::GetAtt", [""])[0])


def _is_everything(resource: Any) -> bool:
    entries = _listed(resource)
    return "*" in entries or any(isinstance(entry, str) and entry.startswith("arn:*") for entry in entries)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
