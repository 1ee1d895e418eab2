"""Folders, sums, and pickles that must not run."""

import hashlib
import io
import os
import pickle
import re
from pathlib import Path

import platformdirs
import pytest

from benchmarks import TableError
from benchmarks.files import allow_listed_load, cache_folder, check_sha256, data_folder, sha256_of


class Inert:
    """What the pickles below may hold."""


class Touch:
    """Pickles to a call that makes a file: the proof that something was run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


INERT = {(Inert.__module__, "Inert"): Inert}


def test_data_folder_is_none_unless_set(monkeypatch):
    assert data_folder() is None
    monkeypatch.setenv("NASINIT_DATA", "")
    assert data_folder() is None


def test_data_folder_is_the_folder_that_is_set(monkeypatch, tmp_path):
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    assert data_folder() == tmp_path


@pytest.mark.parametrize("name", ["absent", "file", "~no-such-user/data"])
def test_data_folder_that_is_no_folder_is_an_error(monkeypatch, tmp_path, name):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NASINIT_DATA", name if name.startswith("~") else str(tmp_path / name))
    with pytest.raises(TableError, match=f"NASINIT_DATA is .*{name}.*not a folder"):
        data_folder()


def test_cache_folder_is_the_systems_unless_set(monkeypatch, tmp_path):
    monkeypatch.setenv("NASINIT_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("NASINIT_CACHE")
    assert cache_folder() == platformdirs.user_cache_path("nasinit")


def test_sha256_of_the_published_example(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of(tmp_path / "abc") == expected
    assert check_sha256(tmp_path / "abc", expected) is None


def test_a_wrong_sum_names_file_size_and_both_sums(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abd")
    found = hashlib.sha256(b"abd").hexdigest()
    with pytest.raises(TableError, match=rf"{re.escape(str(path))} \(3 bytes\).*{found}, expected 0000"):
        check_sha256(path, "0" * 64)


@pytest.mark.parametrize("name", ["absent", "."])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path, name):
    with pytest.raises(TableError, match=f"cannot read {re.escape(str(tmp_path / name))}"):
        sha256_of(tmp_path / name)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_allowed_types_are_mapped_to_the_local_ones(protocol):
    class Local:
        pass

    record = Inert()
    record.number = 3.5
    loaded = allow_listed_load(io.BytesIO(pickle.dumps({(1, 2): record}, protocol)), dict.fromkeys(INERT, Local))
    assert type(loaded[1, 2]) is Local
    assert vars(loaded[1, 2]) == {"number": 3.5}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("hidden", [False, True])
def test_a_malicious_pickle_is_named_and_does_not_run(tmp_path, protocol, hidden):
    proof = tmp_path / "proof"
    attack = Touch(proof)
    path = tmp_path / "attack.pickle"
    path.write_bytes(pickle.dumps([{"deep": (1, attack)}] if hidden else attack, protocol))
    with (
        path.open("rb") as file,
        pytest.raises(
            TableError, match=rf"attack\.pickle asks for {os.mkdir.__module__}\.mkdir.*nothing of it was run"
        ),
    ):
        allow_listed_load(file, INERT)
    assert not proof.exists()
    pickle.loads(path.read_bytes())
    assert proof.exists(), "the attack is not one, so the test shows nothing"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"cbuiltins\neval\n(S'1'\ntR.", "builtins.eval"),
        (b"cos\nsystem\n(S'true'\ntR.", "os.system"),
        (b"(S'true'\nios\nsystem\n.", "os.system"),
        (b"\x80\x04\x8c\x08builtins\x8c\x0deval.__call__\x93.", "builtins.eval.__call__"),
    ],
)
def test_globals_by_any_opcode_are_refused(content, name):
    with pytest.raises(TableError, match=rf"asks for {re.escape(name)}"):
        allow_listed_load(io.BytesIO(content), INERT)


def test_a_pickle_cut_at_any_byte_is_an_error():
    record = Inert()
    record.number = 3.5
    whole = pickle.dumps({(1, 2): record, "name": [b"bytes", 2**70]}, 4)
    messages = []
    for length in range(len(whole)):
        with pytest.raises(TableError) as error:
            allow_listed_load(io.BytesIO(whole[:length]), INERT)
        messages.append(str(error.value))
    assert len(messages) == len(whole)
    assert all("the pickle" in message for message in messages)


def test_a_persistent_identifier_is_an_error():
    with pytest.raises(TableError, match="persistent"):
        allow_listed_load(io.BytesIO(b"Psomething\n."), INERT)
