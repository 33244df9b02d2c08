"""WhatsApp end to end against a stand-in of the Graph API: every photo stored once, every sender answered."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

import samples
from api.app import create_app
from api.reading import Reading
from api.sessions import SessionSigner
from api.settings import MIB, Settings
from api.state import Services
from api.throttle import Throttle
from api.whatsapp.config import WhatsApp
from api.whatsapp.graph import Graph
from api.whatsapp.inbox import Inbox
from api.whatsapp.senders import register, revoke, senders
from db.cleaning import orphans
from db.tables import Election, Message, Outgoing, Photo, PhotoOrigin, Sender, UnplacedPhoto
from db.types import MessageState, OutgoingState, Role
from db.users import create_user
from review.resolve import RejectPhoto, resolve
from tests.api.conftest import jpeg
from tests.api.whatsapp import shapes
from tests.api.whatsapp.standin import PHONE_ID, TOKEN, StandIn
from tests.world import PASSWORD, World, votes

VILLAGE = "1607011016"
SECRET = "app-secret-for-tests"


class Phone:
    """The application with its webhook, the stand-in behind it, and an inbox that is worked by hand."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.graph = StandIn()
        config = WhatsApp(TOKEN, PHONE_ID, SECRET, "verify-me", self.graph.url)
        settings = Settings(data=folder, max_photo_bytes=2 * MIB, whatsapp=config, queue=world.queue)
        self.held = Services(
            settings=settings,
            db=world.db,
            store=world.store,
            reading=Reading(settings, world.db, world.store),
            signer=SessionSigner("for tests only", 3600),
            throttle=Throttle(),
        )
        self.http = TestClient(create_app(self.held), raise_server_exceptions=False)
        self.inbox = Inbox(self.held, Graph(config), backoff=lambda attempt: timedelta(0))

    def hook(self, update: dict[str, Any], secret: str = SECRET) -> Any:
        body = json.dumps(update).encode()
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return self.http.post(
            "/whatsapp/webhook", content=body, headers={"X-Hub-Signature-256": signature, "Content-Type": "application/json"}
        )

    def comes(self, *messages: dict[str, Any]) -> None:
        answer = self.hook(shapes.envelope(*messages))
        assert answer.status_code == 200, answer.text
        self.work()

    def work(self) -> None:
        while self.inbox.work():
            pass

    def image(self, seed: int, caption: str = "", **how: Any) -> dict[str, Any]:
        data = jpeg(seed)
        self.graph.media[f"M{seed}"] = data
        return shapes.image(f"M{seed}", data, caption, **how)

    def photos(self) -> list[tuple[str, int | None]]:
        """(TPS code, stated page) of every photo, in order."""
        from db.tables import Region

        with self.held.db.reading() as s:
            rows = s.execute(select(Region.code, Photo.stated_page).join(Region, Region.id == Photo.tps_id).order_by(Photo.id))
            return [(c, p) for c, p in rows]

    def states(self) -> list[str]:
        with self.held.db.reading() as s:
            return [m.value for m in s.scalars(select(Message.state).order_by(Message.id))]

    def count(self, table: type) -> int:
        with self.held.db.reading() as s:
            return s.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def phone(world: World, tmp_path: Path) -> Iterator[Phone]:
    with world.db.writing() as s:  # a day with one election: what is not about elections need not name one
        s.get_one(Election, "ppwp-2024").date += timedelta(days=3650)
    made = Phone(world, tmp_path)
    yield made
    made.graph.stop()


@pytest.fixture
def add(phone: Phone) -> Callable[..., int]:
    """Registers a number for a new operator with these areas; returns the user's id."""

    def go(number: str = shapes.OPERATOR, *areas: str) -> int:
        with phone.held.db.writing() as s:
            user = create_user(s, f"wa{number[-6:]}", PASSWORD, Role.OPERATOR, areas=areas)
            register(s, phone.world.users["admin"], number, user.id)
        return user.id

    return go


def test_image_with_caption_and_then_the_result(phone: Phone, add: Callable[..., int]) -> None:
    add()
    phone.comes(phone.image(1, "TPS 5 Mariana hal 2"))
    assert phone.photos() == [(VILLAGE + "005", 2)]
    (receipt,) = phone.graph.sent
    sha = hashlib.sha256(jpeg(1)).hexdigest()
    assert receipt["to"] == shapes.OPERATOR and receipt["context"]["message_id"].startswith("wamid.")
    words = receipt["text"]["body"]
    assert "Foto diterima" in words and "TPS 005, MARIANA, BANYUASIN I, halaman 2" in words and sha[:10].upper() in words and "WIB" in words
    assert "Dokumen" in words
    phone.comes(phone.image(2, "TPS 6 Mariana"))
    assert "Dokumen" not in phone.graph.texts()[-1]

    with phone.held.db.reading() as s:
        from review.status import photo_status

        photo = s.scalars(select(Photo).order_by(Photo.id)).first()
        assert photo is not None
        got = photo_status(s, photo.id).receipt
        origin = s.get_one(PhotoOrigin, photo.id)
        assert (origin.caption, origin.why, origin.sent_by) == ("TPS 5 Mariana hal 2", "caption", "Budi Santoso")
    phone.world.read(got, votes(10, 20, 30))
    phone.work()
    phone.work()
    assert phone.graph.texts()[2:] == ["TPS 005, MARIANA, BANYUASIN I: halaman 2 terverifikasi. Terima kasih."]


def test_document_and_rejection(phone: Phone, add: Callable[..., int]) -> None:
    add()
    data = jpeg(3)
    phone.graph.media["D1"] = data
    phone.comes(shapes.document("D1", data, "tps 07 mariana"))
    assert phone.photos() == [(VILLAGE + "007", None)] and "Dokumen" not in phone.graph.texts()[0]
    with phone.held.db.reading() as s:
        from review.status import photo_status

        assert s.scalars(select(Photo.name)).one() == "IMG_20261124.jpg"
        receipt = photo_status(s, s.scalars(select(Photo.id)).one()).receipt
    from tally.interpretation import ReasonCode

    phone.world.read(receipt, votes(10, 20, 30), doubt=(ReasonCode.LOW_CONFIDENCE,))
    phone.work()
    assert "menunggu pemeriksaan" in phone.graph.texts()[-1]
    from review.queue import open_sheet

    with phone.held.db.writing() as s:
        reviewer = phone.world.users["reviewer"]
        sheet = open_sheet(s, reviewer, receipt.photo_id)
        resolve(s, reviewer, receipt.photo_id, RejectPhoto("Bagian kanan terpotong"), stamp=sheet.stamp)
    phone.work()
    assert "mohon foto ulang" in phone.graph.texts()[-1] and "Bagian kanan terpotong" in phone.graph.texts()[-1]


def test_forwarded_without_tps_is_asked(phone: Phone, add: Callable[..., int]) -> None:
    add(shapes.OPERATOR, VILLAGE + "005")
    phone.comes(phone.image(1))
    assert phone.photos() == [(VILLAGE + "005", None)]
    phone.comes(phone.image(2, forwarded=True))
    assert len(phone.photos()) == 1 and phone.states()[-1] == "asking"
    assert "TPS mana" in phone.graph.texts()[-1] and phone.graph.choices() == {"TPS 005 MARIANA": f"tps|2|{VILLAGE}005"}
    phone.comes(shapes.button(f"tps|2|{VILLAGE}005"))
    assert phone.photos() == [(VILLAGE + "005", None)] * 2 and "Foto diterima" in phone.graph.texts()[-1]
    with phone.held.db.reading() as s:
        assert s.scalars(select(PhotoOrigin.why).order_by(PhotoOrigin.photo_id)).all() == ["assignment", "answer"]


def test_one_village_name_in_three_districts(phone: Phone, add: Callable[..., int]) -> None:
    add()
    phone.comes(phone.image(1, "TPS 1 Karang Anyar hal 3"))
    rows = phone.graph.choices()
    assert [r.split(" / ")[1] for r in rows] == [f"KARANG ANYAR, Kec. {k}" for k in ("MUARA PADANG", "TUNGKAL ILIR", "SUMBER MARGA TELANG")]
    phone.comes(shapes.row(next(i for r, i in rows.items() if "TUNGKAL" in r)))
    assert phone.photos() == [("1607152006001", 3)]


def test_the_election_is_told_by_a_word_or_by_the_form(phone: Phone, add: Callable[..., int]) -> None:
    add()
    with phone.held.db.writing() as s:
        s.get_one(Election, "ppwp-2024").date -= timedelta(days=3650)
    form, _ = samples.make("c-hasil-ppwp-2024", 2, 5, difficulty=0.2)
    phone.graph.media["F1"] = form
    phone.comes(phone.image(1, "TPS 5 Mariana dpd"), shapes.image("F1", form, "TPS 6 Mariana"), phone.image(2, "TPS 7 Mariana"))
    assert phone.photos() == [(VILLAGE + "005", None)] and all("Foto diterima" in t for t in phone.graph.texts())
    with phone.held.db.reading() as s:
        assert s.scalars(select(Photo.election_id)).all() == ["dpd-2024"]
        waiting = s.scalars(select(UnplacedPhoto.id).order_by(UnplacedPhoto.id)).all()
    for unplaced_id in waiting:
        phone.held.reading.read_open(unplaced_id)
    phone.work()
    assert phone.photos()[1:] == [(VILLAGE + "006", None)]
    assert "TPS 006" in phone.graph.texts()[3] and "belum dikenali" in phone.graph.texts()[4]
    with phone.held.db.reading() as s:
        assert s.scalars(select(Photo.election_id).order_by(Photo.id)).all() == ["dpd-2024", "ppwp-2024"]
        assert {o.caption for o in s.scalars(select(PhotoOrigin))} == {"TPS 5 Mariana dpd", "TPS 6 Mariana"}
    phone.work()
    assert len(phone.graph.sent) == 5


def test_typed_answers(phone: Phone, add: Callable[..., int]) -> None:
    add()
    first, second = phone.image(1), phone.image(2, "TPS 5 dan 6 Mariana")
    phone.comes(first)
    assert "misalnya: *TPS 5 Mariana*" in phone.graph.texts()[-1]
    phone.comes(shapes.text("TPS 9 mariana, hal 1"))
    assert phone.photos() == [(VILLAGE + "009", 1)]
    phone.comes(second)
    phone.comes(shapes.text("6", quotes=second["id"]))
    assert phone.photos()[1:] == [(VILLAGE + "006", None)]
    phone.comes(phone.image(3, "TPS 1 Karang Anyar"))
    phone.comes(shapes.text("kec muara padang"))
    assert phone.photos()[2:] == [("1607072003001", None)]
    phone.comes(phone.image(4, "mariana"))
    phone.comes(shapes.text("TPS 99"))
    assert "tidak ada" in phone.graph.texts()[-1] and len(phone.photos()) == 3
    phone.comes(shapes.text("8"))
    assert phone.photos()[3:] == [(VILLAGE + "008", None)]


def test_several_waiting_are_never_settled_by_one_plain_text(phone: Phone, add: Callable[..., int]) -> None:
    add()
    phone.comes(*(phone.image(i) for i in (1, 2, 3)))
    phone.comes(shapes.text("TPS 5 Mariana"))
    assert phone.photos() == [] and "3 foto menunggu. Semuanya dari TPS 005" in phone.graph.texts()[-1]
    phone.comes(phone.image(4))
    phone.comes(shapes.button(phone.graph.choices(3)["Ya, semua 3 foto"]))
    assert phone.photos() == [(VILLAGE + "005", None)] * 3 and phone.states().count("asking") == 1


def test_choices_of_others_and_rubbish_do_nothing(phone: Phone, add: Callable[..., int]) -> None:
    add()
    add("6281111111111")
    phone.comes(phone.image(1))
    phone.comes(shapes.button(f"tps|1|{VILLAGE}005", phone="6281111111111"))
    for rubbish in ("", "tps|1", "tps|x|y", "drop|1|2", "tps|1|1607999999999"):
        phone.comes(shapes.button(rubbish))
    assert phone.photos() == [] and phone.states()[0] == "asking"


def test_the_same_webhook_again(phone: Phone, add: Callable[..., int]) -> None:
    add()
    update = shapes.envelope(phone.image(1, "TPS 5 Mariana"))
    assert phone.hook(update).json() == {"new": 1}
    assert phone.hook(update).json() == {"new": 0}
    phone.work()
    assert phone.hook(update).json() == {"new": 0}
    phone.work()
    assert len(phone.photos()) == 1 and len(phone.graph.sent) == 1
    phone.comes(phone.image(1, "TPS 5 Mariana"))  # the same picture in another message
    assert len(phone.photos()) == 1 and "sudah diterima sebelumnya" in phone.graph.texts()[-1]
    phone.comes(phone.image(1, "TPS 6 Mariana"))
    assert len(phone.photos()) == 1 and "Pemeriksa akan memutuskan" in phone.graph.texts()[-1]


def test_a_bad_signature_stores_nothing(phone: Phone) -> None:
    update = shapes.envelope(phone.image(1, "TPS 5 Mariana"))
    body = json.dumps(update).encode()
    right = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    for header in (
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": right[7:]},
        {"X-Hub-Signature-256": "sha256=ä"},
        {},
    ):
        answer = phone.http.post("/whatsapp/webhook", content=body, headers={k: v.encode("latin-1") for k, v in header.items()})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "bad_signature")
    answer = phone.http.post("/whatsapp/webhook", content=body + b" ", headers={"X-Hub-Signature-256": right})
    assert answer.status_code == 403
    assert phone.hook(update, "other").status_code == 403
    assert phone.count(Message) == phone.count(Sender) == 0


def test_handshake(phone: Phone) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "verify-me", "hub.challenge": "1158201444"}
    answer = phone.http.get("/whatsapp/webhook", params=asked)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert phone.http.get("/whatsapp/webhook", params={**asked, "hub.verify_token": "guess"}).status_code == 403


def test_without_settings_there_is_no_webhook(phone: Phone) -> None:
    held = replace(phone.held, settings=replace(phone.held.settings, whatsapp=None))
    client = TestClient(create_app(held), raise_server_exceptions=False)
    assert client.post("/whatsapp/webhook", content=b"{}").status_code == 404
    assert client.get("/whatsapp/webhook").status_code == 404


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b'{"entry": 3}', b'{"entry": [{"changes": [{"field": "messages", "value": {"messages": [{"id": 1}]}}]}]}']
)
def test_signed_rubbish_is_borne(phone: Phone, body: bytes) -> None:
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert phone.http.post("/whatsapp/webhook", content=body, headers={"X-Hub-Signature-256": signature}).json() == {"new": 0}
    assert phone.hook(shapes.statuses()).json() == {"new": 0}


def test_media_that_fails_twice_and_then_works(phone: Phone, add: Callable[..., int]) -> None:
    add()
    phone.graph.failures["/v24.0/M1"] = [503, 500]
    phone.graph.failures["/files/M2"] = [502, 429]
    phone.comes(phone.image(1, "TPS 5 Mariana"), phone.image(2, "TPS 6 Mariana"))
    assert sorted(phone.photos()) == [(VILLAGE + "005", None), (VILLAGE + "006", None)]
    assert len(phone.graph.sent) == 2
    phone.graph.failures["/v24.0/M3"] = [500] * 50
    phone.comes(phone.image(3, "TPS 7 Mariana"))
    assert len(phone.photos()) == 2 and "Kirim ulang" in phone.graph.texts()[-1] and phone.states()[-1] == "failed"


def test_media_that_is_not_what_was_announced(phone: Phone, add: Callable[..., int]) -> None:
    add()
    message = phone.image(1, "TPS 5 Mariana")
    phone.graph.media["M1"] = jpeg(9)
    phone.comes(message)
    assert phone.photos() == [] and phone.states() == ["failed"]
    gone = shapes.image("gone", b"", "TPS 5 Mariana")
    phone.comes(gone)
    assert phone.states()[-1] == "failed"
    message = phone.image(2, "TPS 5 Mariana")
    phone.graph.lies = lambda name: f"http://localhost:{phone.graph.base.rpartition(':')[2]}/files/{name}"  # another host gets no token
    phone.comes(message)
    assert phone.photos() == [] and phone.graph.fetched == ["M1"] * len(phone.graph.fetched)


def test_our_messages_are_sent_again(phone: Phone, add: Callable[..., int]) -> None:
    add()
    phone.graph.failures[f"/v24.0/{PHONE_ID}/messages"] = [429, 503]
    phone.comes(phone.image(1, "TPS 5 Mariana"))
    assert len(phone.graph.sent) == 1
    with phone.held.db.reading() as s:
        (row,) = s.scalars(select(Outgoing))
        assert (row.state, row.attempts) == (OutgoingState.SENT, 3)
    phone.graph.failures[f"/v24.0/{PHONE_ID}/messages"] = [400]


def test_unknown_sender_waits_for_an_admin(phone: Phone) -> None:
    phone.comes(phone.image(1, "TPS 5 Mariana"), shapes.text("halo"), phone.image(2, "TPS 6 Mariana"))
    assert phone.photos() == [] and phone.states() == ["held"] * 3
    assert phone.graph.texts() == ["Nomor ini belum terdaftar. Kiriman Anda disimpan terpisah sampai admin mendaftarkan nomor ini."]
    assert len(phone.world.files()) == 2
    assert orphans(phone.held.db, phone.held.store, older_than=timedelta(seconds=-5)) == []
    with phone.held.db.writing() as s:
        (unknown,) = senders(s)
        assert (unknown.phone, unknown.name, unknown.held) == (shapes.OPERATOR, "Budi Santoso", 3)
        register(s, phone.world.users["admin"], "0812-3456-7890", phone.world.users["operator"])
    phone.graph.media.clear()  # fetched already
    phone.work()
    assert phone.photos() == [(VILLAGE + "005", None), (VILLAGE + "006", None)]


def test_revoked_number(phone: Phone, add: Callable[..., int]) -> None:
    add()
    phone.comes(phone.image(1, "TPS 5 Mariana hal 2"), phone.image(2, "TPS 6 Mariana hal 2"), phone.image(3))
    from review.queue import queue
    from review.status import PhotoState, photo_status

    with phone.held.db.reading() as s:
        first, second = s.scalars(select(Photo.id).order_by(Photo.id))
        receipt = photo_status(s, first).receipt
    phone.world.read(receipt, votes(10, 20, 30))
    with phone.held.db.writing() as s:
        (sender,) = senders(s)
        assert revoke(s, phone.world.users["admin"], sender.id, "ponsel hilang") == (2, 1)
    with phone.held.db.reading() as s:
        assert photo_status(s, first).state is PhotoState.IN_REVIEW
        (item,) = queue(s).items
        assert [r.code for r in item.reasons] == ["quarantined"] and "ponsel hilang" in item.reasons[0].message
        late = photo_status(s, second).receipt
    phone.world.read(late, votes(10, 20, 30))
    with phone.held.db.reading() as s:
        assert photo_status(s, second).state is PhotoState.IN_REVIEW
    phone.comes(phone.image(4, "TPS 7 Mariana"))
    assert len(phone.photos()) == 2 and phone.states()[-2:] == ["held", "held"]


def test_other_kinds_get_help(phone: Phone, add: Callable[..., int]) -> None:
    add()
    phone.comes(shapes.audio(), shapes.text("selamat malam"))
    assert len(phone.graph.texts()) == 2 and all("TPS 5 Mariana hal 2" in t for t in phone.graph.texts())


def test_outside_the_operators_area(phone: Phone, add: Callable[..., int]) -> None:
    add(shapes.OPERATOR, VILLAGE)
    phone.comes(phone.image(1, "TPS 1 Perajen"))
    assert phone.photos() == [] and "di luar wilayah" in phone.graph.texts()[-1]
    phone.comes(shapes.text("TPS 1 Mariana"))
    assert phone.photos() == [(VILLAGE + "001", None)]


def test_a_full_disk_is_said_and_tried_again(phone: Phone, add: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    add()
    phone.world.full_disk(monkeypatch, 2)
    phone.comes(phone.image(1, "TPS 5 Mariana"))
    assert phone.photos() == [(VILLAGE + "005", None)]
    assert "diambil lagi otomatis" in phone.graph.texts()[0] and "Foto diterima" in phone.graph.texts()[-1] and len(phone.graph.sent) == 2


def test_a_burst_of_500_in_a_minute(phone: Phone, add: Callable[..., int]) -> None:
    """From 25 senders, every tenth webhook sent twice; four threads at work, as in the server."""
    numbers = [f"62812000000{n:02}" for n in range(25)]
    for n in numbers:
        add(n)
    small = [jpeg(i, (640, 480)) for i in range(20)]
    from ocr import photo as photo_file

    assert photo_file.inspect(small[0])
    updates = []
    for i in range(500):
        data = small[i % 20] + f"{i}".encode()  # what follows the end of a JPEG makes it another file
        phone.graph.media[f"B{i}"] = data
        updates.append(shapes.envelope(shapes.image(f"B{i}", data, f"TPS {i % 28 + 1} Mariana", phone=numbers[i % 25])))
    phone.inbox.start()
    try:
        for i, update in enumerate(updates):
            assert phone.hook(update).status_code == 200
            if i % 10 == 0:
                assert phone.hook(update).json() == {"new": 0}
        from tests.live import until

        until(lambda: len(phone.graph.sent) >= 500 and phone.states().count("done") == 500, 120, 0.2)
    finally:
        phone.inbox.stop()
    assert phone.count(Photo) == 500 and phone.count(Message) == 500
    assert len(phone.graph.sent) == 500 and {b["to"] for b in phone.graph.sent} == set(numbers)
    assert sorted(phone.graph.fetched) == sorted(f"B{i}" for i in range(500))
    assert MessageState.DONE.value == "done"
