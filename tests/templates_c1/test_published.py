"""Forms published while running: found beside the shipped ones, in every version, noticed cheaply, tried before anybody else knows."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Iterator

import pytest

from templates_c1 import published, registry
from templates_c1.published import Features, Published, trying
from templates_c1.schema import Label, Template


class Shelf:
    """A source that counts how often it is asked."""

    def __init__(self) -> None:
        self.forms: list[Published] = []
        self.asked = self.loaded = 0
        self.broken = False

    def token(self) -> Hashable:
        self.asked += 1
        if self.broken:
            raise OSError("no database")
        return len(self.forms)

    def load(self) -> Iterable[Published]:
        self.loaded += 1
        return list(self.forms)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    made = Shelf()
    published.use(made)
    yield made
    published.use(None)


def form(version: int = 1, **names: str) -> Template:
    """The mayoral page under another id; ``names``: old name -> new one."""
    known = registry.template("c-hasil-kwk-2020")
    page = known.pages[0]
    numbers = tuple(n.model_copy(update={"name": names.get(n.name, n.name)}) for n in page.numbers)
    page = page.model_copy(update={"numbers": numbers, "rules": (), "words": {}, "turus": ()})
    return known.model_copy(update={"form": "c-uji", "version": version, "pages": (page,)})


def test_a_published_form_is_known_beside_the_shipped_ones(shelf: Shelf) -> None:
    before = set(registry.all_templates())
    shelf.forms.append(Published(form(), False, Features("f")))
    published.refresh()
    assert set(registry.all_templates()) == before | {"c-uji"}
    known = registry.template("c-uji")
    assert known.version == 1
    assert not registry.is_proven(known)
    assert registry.features(known, known.pages[0]) == Features("f")
    assert registry.is_proven(registry.template("c-hasil-kwk-2020"))
    assert registry.is_proven(registry.template("desk-bupati-1607-2024"))


def test_every_version_stays_readable(shelf: Shelf) -> None:
    shelf.forms += [Published(form(1), True), Published(form(2, suara_sah="suara_semua"), False)]
    published.refresh()
    assert registry.template("c-uji").version == 2
    assert [t.version for t in registry.versions("c-uji")] == [2, 1]
    assert registry.template("c-uji", 1).pages[0].number_named("suara_sah")
    with pytest.raises(KeyError):
        registry.template("c-uji", 3)
    page = registry.template("c-uji").pages[0].number
    assert registry.page_as_read("c-uji", page, {"template": "1"}).number_named("suara_sah")
    assert registry.page_as_read("c-uji", page, {"template": "9"}).number_named("suara_semua")
    assert registry.page_as_read("c-uji", page, {}).number_named("suara_semua")
    ever = {n.name: current for n, current in registry.numbers_ever("c-uji", page)}
    assert ever["suara_semua"] and not ever["suara_sah"]
    assert registry.is_proven(registry.template("c-uji", 1))


def test_the_source_is_asked_at_most_once_a_second_and_loads_only_what_is_new(shelf: Shelf) -> None:
    for _ in range(50):
        registry.all_templates()
    assert (shelf.asked, shelf.loaded) == (1, 1)
    published.refresh()
    assert (shelf.asked, shelf.loaded) == (2, 1)


def test_a_source_that_fails_makes_nobody_forget(shelf: Shelf) -> None:
    shelf.forms.append(Published(form(), True))
    published.refresh()
    shelf.broken = True
    published.refresh()
    assert registry.template("c-uji").form == "c-uji"


def test_a_template_can_be_tried_by_one_thread_alone(shelf: Shelf) -> None:
    elsewhere: list[bool] = []
    with trying(Published(form(7), True)):
        assert registry.template("c-uji").version == 7
        other = threading.Thread(target=lambda: elsewhere.append("c-uji" in registry.all_templates()))
        other.start()
        other.join()
    assert elsewhere == [False]
    assert "c-uji" not in registry.all_templates()
    with pytest.raises(KeyError):
        registry.template("c-uji")


def test_a_published_tag_leads_to_its_page(shelf: Shelf) -> None:
    known = registry.template("c-hasil-ppwp-2024")
    page = known.page(2)
    assert page.recognition.tag is not None
    tag = page.recognition.tag.model_copy(update={"id": 560})
    mine = page.model_copy(update={"recognition": page.recognition.model_copy(update={"tag": tag})})
    new = known.model_copy(update={"form": "c-baru", "title": Label(id="Baru", en="New"), "pages": (mine,), "rules": ()})
    assert registry.page_of_tag(560) is None
    shelf.forms.append(Published(new, False))
    published.refresh()
    found = registry.page_of_tag(560)
    assert found is not None and (found[0].form, found[1].number) == ("c-baru", 2)
