"""What Piccolo's own command line needs (PICCOLO_CONF=domain.piccolo_conf); webref reads APP_REGISTRY."""

import os

from piccolo.conf.apps import AppRegistry

from domain.database import DB

if "WEBREF_DATABASE_URL" in os.environ and not DB.config:
    DB.config = {"dsn": os.environ["WEBREF_DATABASE_URL"]}

APP_REGISTRY = AppRegistry(apps=["domain.piccolo_app"])
