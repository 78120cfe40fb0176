"""What Piccolo's migrations look at: the tables, and the folder of their history."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from domain.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="webref",
    migrations_folder_path=str(Path(__file__).resolve().parent.parent / "migrations"),
    table_classes=list(TABLES),
    migration_dependencies=[],
    commands=[],
)
