"""The rules for the packaged template, each shown to fail when the template is wrong."""

import copy
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chalice.package import TemplateDeepMerger

INFRA = Path(__file__).resolve().parents[2] / "infra"
spec = importlib.util.spec_from_file_location("check_template", INFRA / "check_template.py")
assert spec is not None
assert spec.loader is not None
check_template = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_template)


OWN_ROLE = {"HandlePayouts", "SweepAccounts"}


def as_chalice_writes() -> dict[str, Any]:
    """Return the part of the template that Chalice writes, as far as the rules look at it."""
    functions: dict[str, Any] = {
        name: {"Type": "AWS::Serverless::Function", "Properties": {"Architectures": ["arm64"], "Timeout": 60}}
        for name in check_template.FUNCTIONS
    }
    for name in check_template.QUEUE_OF:
        source = {
            "Type": "SQS",
            "Properties": {"Queue": "arn", "BatchSize": 10, "MaximumBatchingWindowInSeconds": 0},
        }
        functions[name]["Properties"]["Events"] = {f"{name}SqsEventSource": source}
    roles: dict[str, Any] = {}
    for name, function in functions.items():
        role = {"APIHandler": "ApiHandlerRole"}.get(name, f"{name}Role" if name in OWN_ROLE else "DefaultRole")
        function["Properties"]["Role"] = {"Fn::GetAtt": [role, "Arn"]}
        roles[role] = {"Type": "AWS::IAM::Role", "Properties": {"Policies": []}}
    api = {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionBody": {}}}
    return {"Resources": {**functions, **roles, "RestAPI": api}}


@pytest.fixture
def template() -> dict[str, Any]:
    ours = json.loads((INFRA / "resources.json").read_text())
    return copy.deepcopy(TemplateDeepMerger().merge(ours, as_chalice_writes()))


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    return template["Resources"][name]["Properties"]


def test_the_template_keeps_all_rules(template):
    assert check_template.broken_rules(template) == []


def answers(template: dict[str, Any]) -> dict[str, Any]:
    return properties(template, "RestAPI")["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]


def source(template: dict[str, Any], function: str) -> dict[str, Any]:
    return properties(template, function)["Events"][f"{function}SqsEventSource"]["Properties"]


def statements(template: dict[str, Any], policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = properties(template, policy)["PolicyDocument"]["Statement"]
    return found


MISTAKES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "everything_has_a_type": lambda t: t["Resources"].update(Renamed={"Properties": {}}),
    "functions_are_the_expected": lambda t: t["Resources"].pop("SweepOutbox"),
    "functions_run_on_arm": lambda t: properties(t, "ScanChains").update(Architectures=["x86_64"]),
    "batches_are_partial": lambda t: source(t, "NumberEvents").pop("FunctionResponseTypes"),
    "functions_read_their_queue": lambda t: source(t, "HandleDeposits").update(Queue="arn"),
    "visibility_covers_retries": lambda t: properties(t, "DeliverWebhooks").update(Timeout=61),
    "queues_have_dead_letters": lambda t: properties(t, "NumberingDeadLetterQueue").pop("FifoQueue"),
    "dead_letters_raise_alarms": lambda t: t["Resources"].pop("DeliveriesDeadLetterAlarm"),
    "audits_raise_alarms": lambda t: t["Resources"].pop("AuditCustodyAlarm"),
    "table_is_protected": lambda t: t["Resources"]["Table"].pop("UpdateReplacePolicy"),
    "api_answers_in_time": lambda t: properties(t, "APIHandler").update(Timeout=30),
    "gateway_speaks_our_envelope": lambda t: answers(t)["THROTTLED"].update(
        responseTemplates={"application/json": '{"error": {"message": "…"}}'}
    ),
    "policies_name_their_resources": lambda t: statements(t, "WorkPolicy")[0].update(Resource="*"),
    "functions_reach_every_queue": lambda t: statements(t, "WorkPolicy")[2]["Resource"].pop(),
    "api_uses_no_key": lambda t: t["Resources"]["NodesPolicy"]["Properties"]["PolicyDocument"]["Statement"].append(
        {
            "Effect": "Allow",
            "Action": "ssm:GetParameter",
            "Resource": "arn:aws:ssm:eu-central-1:1:parameter/sluice",
        }
    ),
    "only_payouts_sign": lambda t: properties(t, "DefaultRole")["ManagedPolicyArns"].append(
        {"Ref": "SigningPolicy"}
    ),
    "few_know_the_wallets": lambda t: properties(t, "SweepAccounts")["Environment"]["Variables"].clear(),
    "nodes_are_read_at_run_time": lambda t: t["Globals"]["Function"]["Environment"]["Variables"].update(
        CHAIN_NODES={"Fn::Sub": "{{resolve:secretsmanager:sluice/${Stage}/chain-nodes}}"}
    ),
}


def test_every_rule_has_a_mistake_here():
    assert set(MISTAKES) == {rule.__name__ for rule in (*check_template.RULES, *check_template.GLOBAL_RULES)}


@pytest.mark.parametrize("rule", MISTAKES)
def test_a_mistake_is_told(template, rule):
    MISTAKES[rule](template)
    [told] = check_template.broken_rules(template)
    assert told.startswith(getattr(check_template, rule).__doc__)


def test_what_is_wrong_is_printed_and_gives_an_exit_status(template, tmp_path, capsys):
    path = tmp_path / "sam.json"
    path.write_text(json.dumps(template))
    assert check_template.main(path) == 0
    properties(template, "APIHandler")["Timeout"] = 30
    path.write_text(json.dumps(template))
    assert check_template.main(path) == 1
    assert "gives up before API Gateway does. Not so: APIHandler" in capsys.readouterr().err
