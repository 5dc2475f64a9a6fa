"""What it costs an application to become its caller in each transaction: python -m tests.adopt.whole.becoming.

Django's own connection reads a page of 20 products in a transaction, with the middleware's statement and without it,
turn by turn. Without it a superuser asks, whom no policy holds.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from tests.adopt.support import PYTHON
from tests.adopt.whole.shops import DJANGO, login_of
from tests.support.databases import Database, ScratchCluster
from tests.support.shop import Shop

SCRIPT = """
import statistics, time, uuid
import django
django.setup()
from django.db import connections, transaction
from apps.products.models import Product
from apps.users.caller import become

ANNA = {"role": "authenticated", "sub": PERSON, "aud": "authenticated", "app_metadata": {}}

def page(alias, claims):
    with transaction.atomic(using=alias):
        if claims is not None:
            become(claims)
        return len(list(Product.objects.using(alias)[:20]))

def once(alias, claims):
    started = time.perf_counter()
    assert page(alias, claims) == 20
    return time.perf_counter() - started

ASKED = [
    ("nobody's", "owner", None), ("a person's", "default", ANNA), ("a visitor's", "default", {"role": "anon"})
]
took = {"nobody's": [], "a person's": [], "a visitor's": []}
for turn in range(1500):
    for whose, alias, claims in ASKED[turn % 3:] + ASKED[:turn % 3]:
        took[whose].append(once(alias, claims))
for whose, seconds in took.items():
    print(f"{whose:12} {1000 * statistics.median(seconds[100:]):.2f} ms")
"""
SETTINGS = """
from config.settings.production import *
DATABASES["owner"] = {**DATABASES["default"], "USER": "supabase_admin"}
"""


def main() -> None:
    """Measure, and print medians."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = ScratchCluster(Path(folder))
        try:
            cluster.start()
            cluster.build_template()
            _measure(cluster.clone(), Path(folder))
        finally:
            cluster.stop()


def _measure(database: Database, folder: Path) -> None:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        people.execute(login_of(DJANGO))
        shop = Shop(database, admin, people)
        for number in range(200):
            shop.product(stock=5, name=f"Lamp {number}")
        person = shop.buyer()
        admin.execute("analyze")
    (folder / "measured.py").write_text(SETTINGS, encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(folder),
        "DJANGO_SETTINGS_MODULE": "measured",
        "SECRET_KEY": "of a measurement",
        "SHOP_SECRET": "of a measurement",
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(database.port),
        "DB_NAME": database.name,
        "DB_USER": DJANGO.login,
    }
    code = SCRIPT.replace("PERSON", repr(str(person)))
    subprocess.run([str(PYTHON), "-c", code], check=True, cwd=DJANGO.folder, env=environment)


if __name__ == "__main__":
    main()
