from sandbox.nodes.notebook import Notebook


def test_what_is_written_is_there_after_a_restart_in_its_order(tmp_path):
    notebook = Notebook(tmp_path / "notebook")
    for name in ("b", "a"):
        notebook.put("room", name, {"units": 2**80})
    notebook.put("other", "a", None)
    assert [notebook.next_count(), notebook.next_count()] == [1, 2]
    notebook.close()
    again = Notebook(tmp_path / "notebook")
    assert list(again.all("room").items()) == [("b", {"units": 2**80}), ("a", {"units": 2**80})]
    assert again.next_count() == 3
    again.remove("room", "b")
    assert (again.get("room", "b", 5), again.get("room", "a")) == (5, {"units": 2**80})
    again.close()
