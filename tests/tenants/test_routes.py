"""``GET /user/me/``."""


def test_it_shows_the_tenants_settings(client):
    answer = client.get("/user/me/")
    assert answer.status == 200
    assert answer.json["name"] == "Your Company"
    assert '"transaction_fee":1.0,' in answer.text
    assert '"tolerance_percent":0.5,' in answer.text
