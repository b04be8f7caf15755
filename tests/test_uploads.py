"""Files that visitors bring are read without trust: sound ones become work, others are refused in words and change nothing."""

from __future__ import annotations

import json
import tempfile
from io import StringIO

import pytest
from ruamel.yaml import YAML
from sheet_examples import PLACE, STAFF, filled, row_of

from dashboard.uploads import MOST_MB, MOST_TEXT_MB, read_upload, shown_name
from dashboard.work import Proposal, Work, base_of, to_json, to_link
from scenarios.errors import TrinnError
from scenarios.load import load


def faults(name, data, language="nb"):
    """Why a file is refused; nothing where it is not."""
    try:
        read_upload(name, data, language)
    except TrinnError as error:
        return [str(fault) for fault in error.faults]
    return []


def yaml_of(scenario):
    stream = StringIO()
    YAML().dump(scenario.plain(), stream)
    return stream.getvalue().encode()


def nurse(column):
    row = row_of("nb", STAFF, "skolehelsetjeneste og helsestasjon", "helsesykepleier")
    return f"{STAFF}!{column}{row}"


# -- the workbook -------------------------------------------------------------------------------------------------------


def test_a_filled_in_workbook_becomes_the_work_that_the_command_would_run(tmp_path):
    file = filled(tmp_path, {nurse("D"): 4.5})
    work = read_upload("tall.xlsx", file.read_bytes(), "nb")
    assert base_of(work).plain() == load(file).plain()
    assert base_of(work).staffing == "partly_own"
    assert PLACE in work.place
    assert not work.proposals
    assert len(to_link(work)) < 2000


def test_a_wrong_cell_is_told_with_its_address_and_the_name_the_visitor_knows(tmp_path):
    said = faults("tall.xlsx", filled(tmp_path, {nurse("D"): "4.5.1"}).read_bytes())
    assert len(said) == 1
    assert said[0].startswith(f"tall.xlsx | {nurse('D')}: ")
    assert "trinn-" not in said[0]


def test_a_workbook_about_persons_is_refused_with_its_cells_and_never_with_what_stands_in_them(tmp_path):
    said = faults("tall.xlsx", filled(tmp_path, {nurse("D"): "01010112345"}).read_bytes())
    assert nurse("D") in said[0]
    assert "bare antall" in said[0]
    assert "01010112345" not in said[0]


@pytest.mark.parametrize("name", ["../../etc/passwd.xlsx", "..\\..\\boot.ini", "/dev/null", "a\x00b.xlsx", "x" * 300, ""])
def test_the_name_of_a_file_is_never_a_path(tmp_path, monkeypatch, name):
    file = filled(tmp_path, {nurse("D"): 4.5})
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert read_upload(name, file.read_bytes(), "nb").place
    shown = shown_name(name)
    assert "/" not in shown
    assert "\\" not in shown.replace("\\x00", "")
    assert len(shown) <= 60
    assert not list(folder.iterdir())


def test_nothing_is_left_on_the_disk_when_a_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    faults("tall.xlsx", b"PK\x03\x04nothing")
    faults("a.yaml", b"base: etnedal\nservices: {bup: {staf: 3}}\n")
    assert not list(tmp_path.iterdir())


# -- what it is, its content says ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize(
    ("data", "nb", "en"),
    [
        (b"", "tom", "empty"),
        (b" \n\t ", "tom", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "gammelt format", "old kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "passord", "password"),
        (b"%PDF-1.7\n", "verken et regneark", "neither a spreadsheet"),
        (b"\x89PNG\r\n\x1a\n\x00", "verken et regneark", "neither a spreadsheet"),
        (b"a: \x00", "verken et regneark", "neither a spreadsheet"),
        (b"PK\x03\x04" + b"x" * (MOST_MB * 1_000_000), "5 MB", "5 MB"),
        (b"#" * int(MOST_TEXT_MB * 1_000_000 + 1), "0,5 MB", "0.5 MB"),
        (b"grade: assumed\nname: x\n", "et tiltak", "a lever"),
    ],
)
def test_what_is_no_file_of_ours_is_refused_in_the_readers_language(data, nb, en, language):
    said = faults("fil.xlsx", data, language)
    assert (nb if language == "nb" else en) in said[0]


def test_what_a_file_is_does_not_hang_on_its_name(tmp_path):
    sheet = filled(tmp_path, {nurse("D"): 4.5}).read_bytes()
    assert base_of(read_upload("tall.json", sheet, "nb")).staffing == "partly_own"
    assert read_upload("tall.xlsx", to_json(Work(place="etnedal")).encode(), "nb") == Work(place="etnedal")
    assert read_upload("tall.xlsx", b"base: etnedal\n", "nb").place == "etnedal"


# -- a scenario ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["etnedal", "tromso", "BUP Helgeland", "municipality", "one_service", "tandem"])
def test_a_whole_scenario_as_it_is_printed_comes_back_as_it_was(place):
    scenario = load(place)
    assert base_of(read_upload("s.yaml", yaml_of(scenario), "nb")).plain() == scenario.plain()


def test_a_scenario_over_a_place_states_what_differs_and_keeps_its_levers():
    data = b"base: tromso\nstaffing: partly_own\nlevers: [{lever: coordinator, why: prosjekt}]\n" + (
        b"areas: {tromso: {services: {municipal_team: {staff: {psychologist: {fte: 4.5}}}}}}\n"
    )
    work = read_upload("s.yaml", data, "nb")
    assert (work.place, work.today) == ("tromso", ("coordinator",))
    assert base_of(work).staffing == "partly_own"


def test_dates_of_a_scenario_travel_in_a_link():
    work = read_upload("s.yaml", b"base: etnedal\nperiod: {start: 2028-01-03}\n", "nb")
    assert base_of(work).period.start.isoformat() == "2028-01-03"
    assert to_link(work)


@pytest.mark.parametrize(
    "data",
    [
        b"base: ../secret.yaml\n",
        b"base: /etc/passwd\n",
        b"base: other.yaml\n",
        b"base: tall.xlsx\n",
        b"base: {base: {base: other.yml}}\n",
        b"base: etnedal\nlevers: [/etc/mine.yaml]\n",
        b"base: etnedal\nlevers: [{lever: 'mine.yml@beginning'}]\n",
        b"base: {base: etnedal, levers: ['..\\mine']}\n",
    ],
)
def test_a_scenario_names_no_file_of_the_server(data):
    assert "viser til en annen fil" in faults("s.yaml", data)[0]


def test_a_fault_of_a_scenario_has_its_line():
    said = faults("s.yaml", b"base: etnedal\nservices:\n  bup:\n    staf: {}\n")
    assert said == ['s.yaml:4 | services.bup.staf: unknown key "staf"; did you mean "staff"?']


@pytest.mark.parametrize(
    "data",
    [
        "a: &a [x, x]\n"
        + "".join(f"b{n}: &b{n} [*{'a' if n == 0 else f'b{n - 1}'}{f', *b{n - 1}' * 8 if n else ''}]\n" for n in range(9)),
        "x: " + "[" * 400 + "]" * 400,
        '{"a":' * 300 + "1" + "}" * 300,
    ],
)
def test_bombs_are_refused(data):
    assert faults("s.yaml", data.encode())


@pytest.mark.parametrize(
    "data",
    [
        "base: etnedal\nname: Kari 01010112345\n",
        "base: etnedal\nabout: 'jente 14 år, f. 03.04.2011'\n",
        "base: etnedal\nareas: {etnedal: {children: {0-5: 12345678901}}}\n",
    ],
)
def test_a_scenario_or_work_about_a_person_is_refused_and_not_repeated(data):
    said = faults("s.yaml", data.encode())[0]
    assert "Bare antall, ikke personer" in said
    assert not any(part in said for part in ("Kari", "0101", "03.04", "12345678901"))
    plain = {"place": "etnedal", "own": YAML(typ="safe").load(data)}
    del plain["own"]["base"]
    assert "Bare antall" in faults("w.json", json.dumps(plain).encode())[0]


def test_a_seed_as_long_as_a_number_of_identity_is_a_seed():
    assert read_upload("w.json", b'{"place": "etnedal", "seed": 2071000000}', "nb").seed == 2071000000


# -- work ---------------------------------------------------------------------------------------------------------------


def test_work_that_was_saved_comes_back_whole():
    work = Work(place="etnedal", proposals=(Proposal(name="Flere", changes=("bup.psychologist.fte+=1",)),), futures=20)
    assert read_upload("w.json", to_json(work).encode(), "nb") == work


def test_broken_work_is_refused():
    assert "not JSON" in faults("w.json", b'{"place": ')[0]
    assert "place" in faults("w.json", b'{"place": 3}')[0]
