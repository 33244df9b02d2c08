"""One received message: a picture to be stored and attributed, an answer to a question of ours, or something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.errors import ApiError
from api.handlers import body_of
from api.placing import WhichElection, election_of, gazetteer
from api.settings import MIB
from api.state import Services
from api.texts.intake import TEXTS as INTAKE
from api.web import local_time
from api.whatsapp import dialogue, updates
from api.whatsapp.graph import Graph, GraphError, TooLarge
from api.whatsapp.outbox import queue_up, say
from api.whatsapp.results import origin_of
from db import clock
from db.errors import ServiceError
from db.queries import elections
from db.store import StoreError
from db.tables import Message, Outgoing, PhotoOrigin, Sender, User
from db.types import MessageState, SenderState
from db.views import ElectionView
from ocr import photo as photo_file
from ocr.errors import PhotoError
from review import reasons
from review.errors import DuplicateOtherTps, DuplicatePhoto, OutsideArea
from review.held import hold
from review.intake import clean_name, receive_photo
from review.receipt import Receipt
from review.unplaced import OpenReceipt, receive_open
from tally import captions
from tally.attribution import Attribution, Found, Ground, Question, Unclear, attribute, completed

UNKNOWN_PICTURES = 50
"""Pictures that are fetched of a number nobody knows; what comes after is noted, and fetched once the number is registered."""
MANY = 4
"""From so many waiting pictures on, the question is asked once for all."""


@dataclass(frozen=True, slots=True)
class _At:
    """A message with what is needed to decide about it, safe outside its transaction. ``user_id``: None for a number not registered."""

    id: int
    wamid: str
    sender_id: int
    sender_name: str
    phone: str
    kind: str
    body: dict[str, Any]
    answer: dict[str, Any]
    sha256: str | None
    user_id: int | None
    areas: tuple[str, ...]


class Photos:
    """Decides about single messages for ``Inbox``. ``again``: have a message tried later; (message id, error) -> will it be."""

    def __init__(self, held: Services, graph: Graph, again: Callable[[int, str], bool]) -> None:
        self._held = held
        self._graph = graph
        self._again = again

    def handle(self, message_id: int) -> None:
        """Bring one message as far as it goes now."""
        at = self._at(message_id)
        if at.kind in updates.MEDIA:
            self._media(at)
        elif at.user_id is None:
            self._unknown(at, None)
        elif at.kind == "interactive":
            self._chosen(at, updates.choice_of(at.body))
        elif at.kind == "text":
            self._answered(at, updates.text_of(at.body))
        elif at.kind in ("reaction", "system"):
            self._done(at)
        else:
            self._done(at, dialogue.text(say("wa.help"), at.wamid))

    def _at(self, message_id: int) -> _At:
        with self._held.db.reading() as session:
            m = session.get_one(Message, message_id)
            sender = session.get_one(Sender, m.sender_id)
            user = _owner(session, sender)
            areas = tuple(sorted(r.code for r in user.areas)) if user else ()
            return _At(
                m.id,
                m.wamid,
                sender.id,
                sender.name,
                sender.phone,
                m.kind,
                dict(m.body),
                dict(m.answer),
                m.sha256,
                user.id if user else None,
                areas,
            )

    # pictures

    def _media(self, at: _At) -> None:
        with self._held.db.reading() as session:
            full = at.user_id is None and _pictures_of(session, at.sender_id) >= UNKNOWN_PICTURES
        if full:
            self._unknown(at, None)
            return
        try:
            data = self._data(at)
        except GraphError as e:
            self._not_had(at, e)
            return
        except StoreError as e:
            if self._again(at.id, e.error_code):
                with self._held.db.writing() as session:
                    key = f"later:{at.sender_id}:{clock.now():%Y%m%d%H}"
                    queue_up(session, at.sender_id, key, dialogue.text(say("wa.later")))
            return
        except PhotoError as e:
            self._refuse(at, body_of(e)[1]["error"]["message"], e.code.value)
            return
        if at.user_id is None:
            self._unknown(at, data)
        else:
            self._place(self._at(at.id), data)

    def _data(self, at: _At) -> bytes:
        """The picture's bytes; in the store, and noted, when this returns. Raises GraphError, StoreError, PhotoError."""
        if at.sha256 is not None:
            return self._held.store.get(at.sha256)
        part = updates.media_of(at.body)
        most = self._held.settings.max_photo_bytes
        data = self._graph.media(str(part.get("id", "")), most, str(part.get("sha256") or ""))
        photo_file.inspect(data)
        file = self._held.store.put(data)
        with self._held.db.writing() as session:
            session.get_one(Message, at.id).sha256 = file.sha256
        return data

    def _not_had(self, at: _At, error: GraphError) -> None:
        if isinstance(error, TooLarge):
            most = self._held.settings.max_photo_bytes // MIB
            self._refuse(at, ApiError("image_too_large/bytes", max_mib=most).message(), "image_too_large")
        elif error.passing:
            self._again(at.id, "media")
        else:
            self._refuse(at, say("wa.not_had").removeprefix("❌ "), "media")

    def _place(self, at: _At, data: bytes) -> None:
        """Where it belongs; then stored for good, or asked."""
        said = captions.read(updates.caption_of(at.body))
        where = self._where(at, said)
        if isinstance(where, Unclear):
            self._ask_tps(at, where)
            return
        with self._held.db.reading() as session:
            contests = elections(session)
        contest = election_of(contests, said, where.code)
        page = at.answer.get("page") or said.page
        try:
            receipt = self._receive(at, data, contest, where.code, page, contests)
        except DuplicatePhoto as e:
            if e.receipt.tps.code == where.code and not isinstance(e, DuplicateOtherTps):
                self._received(at, e.receipt, where.ground, page)
                return
            label = gazetteer(self._held.db).stations[where.code].label
            with self._held.db.writing() as session:
                hold(session, e.receipt.photo_id, at.user_id or 0, reasons.SENT_FOR_TWO, label)
            self._refuse(at, say("wa.disputed", label=e.receipt.tps.label), "duplicate_other_tps", photo_id=e.receipt.photo_id)
        except OutsideArea as e:
            with self._held.db.writing() as session:
                m = session.get_one(Message, at.id)
                m.answer = {k: v for k, v in m.answer.items() if k != "tps"}
            self._ask(self._at(at.id), e.message, [])
        except StoreError:
            raise
        except ServiceError as e:
            self._refuse(at, e.message, e.error_code)
        else:
            self._received(at, receipt, where.ground, page)

    def _receive(
        self, at: _At, data: bytes, contest: str | WhichElection, tps_code: str, page: int | None, contests: Sequence[ElectionView]
    ) -> Receipt | OpenReceipt:
        """Stored for good; where the election is open, the form will tell it. Raises as receive_photo and receive_open do."""
        common = {
            "data": data,
            "name": clean_name(str(updates.media_of(at.body).get("filename") or f"WhatsApp {at.wamid[-12:]}.jpg")),
            "media_type": f"image/{photo_file.inspect(data).format.lower()}",
            "uploader_id": at.user_id or 0,
            "tps_code": tps_code,
        }
        db, store = self._held.db, self._held.store
        if isinstance(contest, WhichElection):
            return receive_open(db, store, **common)  # type: ignore[arg-type]
        pages = {p.page for c in contests if c.id == contest for p in c.owes(tps_code)}
        return receive_photo(db, store, **common, election_id=contest, stated_page=page if page in pages else None)  # type: ignore[arg-type]

    def _where(self, at: _At, said: captions.Said) -> Attribution:
        places = gazetteer(self._held.db)
        if (code := at.answer.get("tps")) in places.stations:
            return Found(str(code), Ground.ANSWER)
        return attribute(said, places, at.areas, forwarded=updates.forwarded(at.body))

    def _received(self, at: _At, receipt: Receipt | OpenReceipt, ground: Ground, page: int | None) -> None:
        """The receipt. A photo that this very message stored, before the process died, is new as well."""
        label = receipt.tps.label if receipt.tps else ""
        with self._held.db.writing() as session:
            m = session.get_one(Message, at.id)
            same = Message.photo_id == receipt.photo_id if isinstance(receipt, Receipt) else Message.sha256 == receipt.sha256
            other = session.scalar(select(Message.id).where(same, Message.state == MessageState.DONE, Message.id != m.id).limit(1))
            before = other is not None or receipt.received_at < m.received_at
            if isinstance(receipt, Receipt):
                before = before or session.get(PhotoOrigin, receipt.photo_id) is not None
                m.photo_id = receipt.photo_id
                if not before:
                    session.add(origin_of(m, session.get_one(Sender, at.sender_id), receipt.photo_id, ground.value))
            m.state, m.error, m.answer = MessageState.DONE, "", {**m.answer, "why": ground.value}
            when = local_time(receipt.received_at, "id")
            if before:
                words = say("wa.known", when=when, label=label, number=receipt.number)
            else:
                told = say("wa.page", page=page) if page else ""
                chain = say("wa.chain", chain=receipt.chain) if isinstance(receipt, Receipt) and receipt.chain else ""
                words = say("wa.receipt", when=when, label=label, page=told, number=receipt.number, chain=chain)
                sender = session.get_one(Sender, at.sender_id)
                if at.kind == "image" and not sender.told_documents:
                    words += say("wa.documents")
                    sender.told_documents = True
            queue_up(session, at.sender_id, f"receipt:{at.id}", dialogue.text(words, at.wamid))
        if isinstance(receipt, Receipt):
            self._held.reading.enqueue(receipt.photo_id)
        else:
            self._held.reading.enqueue_open(receipt.unplaced_id)

    def _refuse(self, at: _At, why: str, code: str, photo_id: int | None = None) -> None:
        with self._held.db.writing() as session:
            m = session.get_one(Message, at.id)
            m.state, m.error, m.photo_id = MessageState.FAILED, code[:60], photo_id
            queue_up(session, at.sender_id, f"refused:{at.id}", dialogue.text(say("wa.not_taken", why=why), at.wamid))

    def _unknown(self, at: _At, data: bytes | None) -> None:
        """Kept apart; the sender hears why, at most every ten minutes."""
        del data  # in the store already
        with self._held.db.writing() as session:
            session.get_one(Message, at.id).state = MessageState.HELD
            tenth = f"{clock.now():%Y%m%d%H%M}"[:-1]
            queue_up(session, at.sender_id, f"unknown:{at.sender_id}:{tenth}", dialogue.text(say("wa.unknown"), at.wamid))

    # questions

    def _ask_tps(self, at: _At, why: Unclear) -> None:
        places = gazetteer(self._held.db)
        stations = [places.stations[c] for c in why.candidates]
        choices = [(f"tps|{at.id}|{s.code}", f"TPS {s.number:03} {s.desa}", f"{s.desa}, Kec. {s.kecamatan}") for s in stations]
        self._ask(at, INTAKE[f"intake.{why.question.value}"][0], choices)

    def _ask(self, at: _At, words: str, choices: Sequence[dialogue.Choice]) -> None:
        with self._held.db.writing() as session:
            m = session.get_one(Message, at.id)
            count = int(m.answer.get("asked", 0)) + 1
            m.state, m.answer = MessageState.ASKING, {**m.answer, "asked": count}
            session.flush()
            waiting = len(self._waiting(session, at.sender_id))
            if waiting >= MANY and count == 1:
                key = f"many:{at.sender_id}:{clock.now():%Y%m%d%H%M}"
                queue_up(session, at.sender_id, key, dialogue.text(say("wa.many_waiting", count=waiting)))
                return
            words = words if choices else f"{words}\n{say('wa.how')}"
            queue_up(session, at.sender_id, f"ask:{at.id}:{count}", dialogue.ask(words, choices, say("wa.choose"), at.wamid))

    @staticmethod
    def _waiting(session: Session, sender_id: int) -> list[int]:
        query = select(Message.id).where(Message.sender_id == sender_id, Message.state == MessageState.ASKING).order_by(Message.id)
        return list(session.scalars(query))

    def _chosen(self, at: _At, choice: str) -> None:
        """A button or row of ours. Anything else in its place is nobody's answer."""
        verb, _, rest = choice.partition("|")
        number, _, value = rest.partition("|")
        if verb not in ("tps", "all") or not number.isdecimal() or not value:
            self._done(at, dialogue.text(say("wa.help"), at.wamid))
            return
        self._settle(at, lambda waiting: [i for i in waiting if i == int(number) or (verb == "all" and i < int(number))], {"tps": value})

    def _answered(self, at: _At, words: str) -> None:
        with self._held.db.reading() as session:
            waiting = self._waiting(session, at.sender_id)
            meant = self._meant(session, at, waiting)
        if not waiting:
            self._done(at, dialogue.text(say("wa.help"), at.wamid))
            return
        target = meant or waiting[-1]
        said, found = self._told(at, self._at(target), words)
        if isinstance(found, Unclear):
            self._done(at)
            self._ask_tps(self._at(target), found)
        elif meant is None and len(waiting) > 1:
            label = gazetteer(self._held.db).stations[found.code].label
            choices = [
                (f"all|{waiting[-1]}|{found.code}", say("wa.yes_all", count=len(waiting)), ""),
                (f"tps|{waiting[-1]}|{found.code}", say("wa.only_last"), ""),
            ]
            self._done(at, dialogue.ask(say("wa.all_of_them", count=len(waiting), label=label), choices, say("wa.choose"), at.wamid))
        else:
            page = {"page": said.page} if said.page else {}
            self._settle(at, lambda waiting: [i for i in waiting if i == target], {"tps": found.code, **page})

    @staticmethod
    def _meant(session: Session, at: _At, waiting: Sequence[int]) -> int | None:
        """The waiting picture that a text answers: the one it quotes, or whose question it quotes, or the only one."""
        if quoted := updates.replied_to(at.body):
            m = session.scalar(select(Message.id).where(Message.wamid == quoted, Message.sender_id == at.sender_id))
            key = session.scalar(select(Outgoing.key).where(Outgoing.wamid == quoted, Outgoing.sender_id == at.sender_id))
            if key is not None and key.startswith("ask:"):
                m = int(key.split(":")[1])
            if m in waiting:
                return m
        return waiting[0] if len(waiting) == 1 else None

    def _told(self, at: _At, target: _At, words: str) -> tuple[captions.Said, Attribution]:
        """What the answer says, alone; else together with the caption it completes."""
        places = gazetteer(self._held.db)
        alone = captions.read(words)
        found = attribute(alone, places, at.areas, forwarded=True, answering=True)
        if isinstance(found, Found) or found.question is Question.SEVERAL_TPS:
            return alone, found
        together = completed(captions.read(updates.caption_of(target.body)), alone)
        return together, attribute(together, places, at.areas, forwarded=True)

    def _settle(self, at: _At, which: Callable[[list[int]], list[int]], answer: dict[str, Any]) -> None:
        """Write the answer to the waiting messages that it is about, and have them worked on again."""
        with self._held.db.writing() as session:
            chosen = which(self._waiting(session, at.sender_id))
            for message_id in chosen:
                m = session.get_one(Message, message_id)
                m.answer, m.state, m.next_try = {**m.answer, **answer}, MessageState.NEW, None
            session.get_one(Message, at.id).state = MessageState.DONE

    def _done(self, at: _At, reply: dict[str, Any] | None = None) -> None:
        with self._held.db.writing() as session:
            session.get_one(Message, at.id).state = MessageState.DONE
            if reply is not None:
                queue_up(session, at.sender_id, f"reply:{at.id}", reply)


def _owner(session: Session, sender: Sender) -> User | None:
    """The active user this number belongs to."""
    user = session.get(User, sender.user_id) if sender.user_id is not None and sender.state is SenderState.ACTIVE else None
    return user if user is not None and user.active else None


def _pictures_of(session: Session, sender_id: int) -> int:
    """How many pictures of a number that is not registered we hold."""
    held = select(func.count()).select_from(Message).where(Message.sender_id == sender_id, Message.sha256.is_not(None))
    return session.scalar(held.where(Message.state == MessageState.HELD)) or 0
