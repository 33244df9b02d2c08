"""The admin's page of WhatsApp numbers: an unknown one waits apart, is seen, registered, taken back."""

from __future__ import annotations

from sqlalchemy import select
from starlette.testclient import TestClient

from db.tables import Message, Photo, Sender
from db.types import MessageState, Role, SenderState
from db.users import create_user
from tests.api.conftest import Site, open_site
from tests.api.whatsapp import shapes
from tests.api.whatsapp.test_whatsapp import Phone, phone
from tests.world import PASSWORD

__all__ = ["phone"]


def admin_of(phone: Phone) -> TestClient:
    site: Site = open_site(phone.world, phone.held.settings.data, phone.held.settings)
    return site.client("admin")


def test_an_unknown_number_is_seen_and_registered(phone: Phone) -> None:
    with phone.held.db.writing() as s:
        create_user(s, "budi", PASSWORD, Role.OPERATOR, "Budi", areas=("1607011016",))
    phone.comes(phone.image(1, "TPS 5 Mariana <b>hal 2</b>"))
    assert phone.photos() == []
    admin = admin_of(phone)
    page = admin.get("/nomor").text
    assert f"+{shapes.OPERATOR}" in page and "1 pesan menunggu" in page and "&lt;b&gt;hal 2" in page
    with phone.held.db.reading() as s:
        (message,) = s.scalars(select(Message))
        (sender,) = s.scalars(select(Sender))
    picture = admin.get(f"/nomor/pesan/{message.id}/foto.jpg")
    assert picture.status_code == 200 and picture.headers["content-type"] == "image/jpeg"
    for form, code, words in (
        ({"phone": "12", "username": "budi"}, 422, "Nomor telepon tidak sah"),
        ({"phone": sender.phone, "username": "nobody"}, 422, "username"),
        ({"phone": sender.phone, "username": "staff"}, 403, "tidak boleh"),
    ):
        refused = admin.post("/nomor", data=form)
        assert refused.status_code == code and words in refused.text, refused.text
    assert admin.post("/nomor", data={"phone": f"+{sender.phone}", "username": "budi"}).status_code == 303
    phone.work()
    assert phone.photos() == [("1607011016005", 2)]
    page = admin.get("/nomor?tercatat=1").text
    assert "Nomor tidak dikenal" not in page and ">budi<" in page.replace(" ", "").replace("<td>", ">").replace("</td>", "<")
    assert admin.get(f"/nomor/pesan/{message.id}/foto.jpg").status_code == 404  # it waits no more: the desk's rules hold for it


def test_a_number_is_taken_back_and_its_photos_wait(phone: Phone) -> None:
    with phone.held.db.writing() as s:
        create_user(s, "budi", PASSWORD, Role.OPERATOR, "Budi")
    admin = admin_of(phone)
    admin.post("/nomor", data={"phone": shapes.OPERATOR, "username": "budi"})
    phone.comes(phone.image(1, "TPS 5 Mariana hal 2"))
    with phone.held.db.reading() as s:
        (sender,) = s.scalars(select(Sender))
        assert len(list(s.scalars(select(Photo)))) == 1
    answer = admin.post(f"/nomor/{sender.id}/cabut", data={"note": "HP hilang"})
    assert answer.status_code == 303 and "dicabut=1" in answer.headers["location"]
    assert "dicabut" in admin.get("/nomor").text
    phone.comes(phone.image(2, "TPS 6 Mariana hal 2"))
    with phone.held.db.reading() as s:
        assert s.get_one(Sender, sender.id).state is SenderState.REVOKED
        assert s.scalars(select(Message.state).order_by(Message.id.desc())).first() is MessageState.HELD
        assert len(list(s.scalars(select(Photo)))) == 1
    assert "1 pesan menunggu" in admin.get("/nomor").text
    assert admin.post("/nomor/999/cabut").status_code == 404
