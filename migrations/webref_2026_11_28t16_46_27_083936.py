from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Text
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-28T16:46:27:083936"
VERSION = "1.38.0"
DESCRIPTION = "which recipe made a rendition"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="webref", description=DESCRIPTION
    )

    manager.add_column(
        table_class_name="Rendition",
        tablename="rendition",
        column_name="recipe",
        db_column_name="recipe",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": "1",
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    return manager
