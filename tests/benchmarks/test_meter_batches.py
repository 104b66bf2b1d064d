from benchmarks import requests

ITEM = {"pk": {"S": "HISTORY#t"}, "sk": {"S": "000000000001"}, "k": {"S": "deposit"}}


def test_a_batch_writes_each_of_its_items() -> None:
    body = {"RequestItems": {"sluice": [{"PutRequest": {"Item": ITEM}}] * 2}}
    key = {"pk": ITEM["pk"], "sk": ITEM["sk"]}
    assert requests.written_keys("BatchWriteItem", body) == [key, key]
