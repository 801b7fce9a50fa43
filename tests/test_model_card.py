"""Model cards, read strictly, and the registry that knows models by name."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_model import brightness_network, model_error, model_file

from pyregjpeg import map_model
from pyregjpeg.errors import ModelError
from pyregjpeg.map_model import list_models, load_model, register_model
from pyregjpeg.model_card import LAYOUTS, ModelCard

FIELDS = [field.name for field in dataclasses.fields(ModelCard)]


@pytest.fixture
def registry() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    before = dict(map_model._registered)
    yield
    map_model._registered.clear()
    map_model._registered.update(before)


def test_a_card_without_its_file_is_a_model_error(tmp_path: Path) -> None:
    path = model_file(tmp_path, brightness_network())
    path.with_suffix(".json").unlink()
    assert "bright.json is missing" in model_error(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"name": "\xff"}', "[" * 100_000])
def test_a_card_that_is_no_json_object_is_a_model_error(text: str, tmp_path: Path) -> None:
    path = model_file(tmp_path, brightness_network())
    path.with_suffix(".json").write_bytes(text.encode("latin-1"))
    assert "bright.json" in model_error(path)


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field_is_named(field: str, tmp_path: Path) -> None:
    path = model_file(tmp_path, brightness_network())
    card = json.loads(path.with_suffix(".json").read_text("utf-8"))
    del card[field]
    path.with_suffix(".json").write_text(json.dumps(card), "utf-8")
    assert f"{field!r}" in model_error(path)


@pytest.mark.parametrize("value", [None, True, -1, "", [0], {"a": "b"}], ids=repr)
@pytest.mark.parametrize("field", FIELDS)
def test_a_bad_field_is_named(field: str, value: object, tmp_path: Path) -> None:
    assert f"{field!r}" in model_error(model_file(tmp_path, brightness_network(), **{field: value}))


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("layout", {"layout": LAYOUTS["qf"]}),
        ("layout", {"kind": "qf", "pixels": 0}),
        ("pixels", {"pixels": 0}),
        ("pixels", {"kind": "qf", "layout": LAYOUTS["qf"]}),
    ],
)
def test_a_field_that_is_of_another_kind_is_named(field: str, fields: dict[str, object], tmp_path: Path) -> None:
    assert f"{field!r}" in model_error(model_file(tmp_path, brightness_network(), **fields))


def test_an_unknown_field_is_named(tmp_path: Path) -> None:
    assert "'licens'" in model_error(model_file(tmp_path, brightness_network(), licens="MIT"))


@pytest.mark.usefixtures("registry")
def test_a_registered_model_is_listed_and_loaded_by_its_name(tmp_path: Path) -> None:
    path = model_file(tmp_path, brightness_network())
    card = register_model(path)
    assert card.name == "bright"
    assert {"bright", "msroi"} <= {known.name for known in list_models()}
    assert load_model("bright") is load_model(str(path))


@pytest.mark.usefixtures("registry")
def test_a_model_can_have_another_name_than_its_cards(tmp_path: Path) -> None:
    assert register_model(model_file(tmp_path, brightness_network()), "light").name == "light"
    assert "light" in [card.name for card in list_models()]


@pytest.mark.usefixtures("registry")
def test_a_name_is_not_taken_from_the_model_that_has_it(tmp_path: Path) -> None:
    path = model_file(tmp_path, brightness_network())
    with pytest.raises(ModelError, match="msroi"):
        register_model(path, "msroi")
    assert load_model("msroi").card.name == "msroi"


@pytest.mark.usefixtures("registry")
def test_registering_again_changes_nothing(tmp_path: Path) -> None:
    path = model_file(tmp_path, brightness_network())
    assert register_model(path) == register_model(path)


@pytest.mark.usefixtures("registry")
def test_a_model_whose_files_do_not_belong_together_is_not_registered(tmp_path: Path) -> None:
    path = model_file(tmp_path, brightness_network(), sha256="0" * 64)
    with pytest.raises(ModelError, match="sha256"):
        register_model(path)
    assert "bright" not in [card.name for card in list_models()]
