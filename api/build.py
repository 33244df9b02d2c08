"""Opens what an application or a worker stands on."""

from __future__ import annotations

from api.pressure import Pressure
from api.reading import Reading
from api.sessions import SessionSigner
from api.settings import MIB, Settings
from api.state import Services
from api.throttle import Throttle
from db.config import Settings as DbSettings
from db.forms import PublishedForms
from db.session import Database
from db.store import open_store
from templates_c1 import published


def db_settings(settings: Settings) -> DbSettings:
    """The data folder's own database and photos, unless C1_DATABASE_URL or C1_PHOTOS name others."""
    return DbSettings.from_env(settings.data)


def open_services(settings: Settings) -> Services:
    """Database, photo store, queue and signer of one installation. The database must exist (``c1 init``)."""
    places = db_settings(settings)
    db = Database(places.database_url)
    store = open_store(places.photos)
    published.use(PublishedForms(db, store))
    return Services(
        settings=settings,
        db=db,
        store=store,
        reading=Reading(settings, db, store),
        signer=SessionSigner(settings.secret(), settings.session_seconds),
        throttle=Throttle(),
        pressure=Pressure(settings.uploads_at_once, settings.spare_mib * MIB, store.free_bytes),
    )
