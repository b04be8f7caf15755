"""What is on the table travels as link and file, and what comes back is not trusted."""

import base64
import json
import zlib

import pytest

from dashboard.work import (
    LARGEST,
    MOST_PROPOSALS,
    Work,
    base_of,
    command_of,
    from_json,
    from_link,
    scenarios_of,
    to_json,
    to_link,
)
from scenarios.changes import differences
from scenarios.errors import TrinnError


def work(**rest):
    proposals = [{"name": "Flere", "changes": ["psychologists_2_per_20000", "bup.psychologist.fte+=1"]}]
    return Work.model_validate({"place": "etnedal", "proposals": proposals, **rest})


def packed(plain):
    text = plain if isinstance(plain, bytes) else json.dumps(plain).encode()
    return base64.urlsafe_b64encode(zlib.compress(text)).decode().rstrip("=")


def test_link_and_file_bring_back_what_was_sent():
    sent = work(own={"seeking": {"another_door": 0.2}}, today=["gp.accuracy=0.7"], seed=7, futures=200)
    assert from_link(to_link(sent)) == sent
    assert from_json(to_json(sent).encode()) == sent
    assert len(to_link(work())) < 200


def test_today_is_the_base_and_each_proposal_lies_on_it():
    scenarios = scenarios_of(work(own={"seeking": {"another_door": 0.2}}, today=["gp.accuracy=0.7"]), "nb")
    assert list(scenarios) == ["i dag", "Flere"]
    assert all(scenario.seeking.another_door == 0.2 for scenario in scenarios.values())
    assert next(item.address for item in differences(scenarios["Flere"])).endswith("gp.accuracy")
    assert base_of(work()) is base_of(work(seed=3))


def test_the_command_repeats_the_comparison():
    words = command_of(work(), "nb")
    assert words[:3] == ["trinn", "compare", "etnedal"]
    assert "Flere=psychologists_2_per_20000,bup.psychologist.fte+=1" in words
    assert command_of(work(own={"seeking": {"another_door": 0.2}}), "nb") == []


@pytest.mark.parametrize(
    "code",
    [
        "",
        "x",
        "!!",
        "a" * 60_001,
        "nonsense",
        to_link(work())[:-9],
        packed(b"[1]"),
        packed(b"\xff\xfe"),
        packed(b"1" * (LARGEST + 1)),
    ],
)
def test_a_damaged_link_is_refused_in_one_sentence(code):
    with pytest.raises(TrinnError, match=r"the link is|the link is not JSON"):
        from_link(code)


@pytest.mark.parametrize(
    ("plain", "rule"),
    [
        ({"place": "nowhere_at_all"}, "nowhere_at_all"),
        ({"place": "etnedal", "extra": 1}, 'unknown key "extra"'),
        ({"place": "etnedal", "format": 99}, "from a newer version of Trinn"),
        ({"place": "etnedal", "futures": 10**9}, "futures"),
        ({"place": "etnedal", "proposals": [{"name": "a"}] * (MOST_PROPOSALS + 1)}, "proposals"),
        ({"place": "etnedal", "proposals": [{"name": "a"}, {"name": "A"}]}, "a name of its own"),
        ({"place": "etnedal", "proposals": [{"name": "I dag"}]}, "a name of its own"),
        ({"place": "etnedal", "proposals": [{"name": "a", "changes": ["x"]}]}, 'there is no lever "x"'),
        ({"place": "etnedal", "own": {"base": "norge"}}, "own numbers do not state base"),
        ({"place": "etnedal", "own": {"services": {"bup": {"nonsense": 1}}}}, "nonsense"),
        ({"place": "/etc/passwd"}, "passwd"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(plain, rule):
    with pytest.raises(TrinnError, match=rule):
        from_link(packed(plain))
    with pytest.raises(TrinnError, match=rule):
        from_json(json.dumps(plain).encode())


def test_a_link_names_no_file_of_the_server(tmp_path):
    for path in ("/etc/secret.yaml", "../secret.yaml", "C:\\secret", "secret.YAML"):
        with pytest.raises(TrinnError, match="a place or an example"):
            from_link(packed({"place": path}))
    with pytest.raises(TrinnError, match="names a file"):
        from_link(packed({"place": "etnedal", "proposals": [{"name": "a", "changes": [str(tmp_path / "lever.yaml")]}]}))
    with pytest.raises(TrinnError, match="names a file"):
        from_link(packed({"place": "etnedal", "today": [f"{tmp_path / 'lever.yaml'}*0.5@beginning"]}))
