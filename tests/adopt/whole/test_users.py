"""People of an old application sign in to Supabase Auth with the passwords that they have: docs/adopt/users.md."""

import json
import subprocess
import uuid
from typing import Any

import pytest

from gateway.local.paths import REPOSITORY
from tests.adopt.support import PYTHON
from tests.integration.local_stack.support import anonymous, service
from tests.support.documentation import blocks
from tests.support.stack import Process, Stack

PASSWORD = "the password that she has had for years"
# As they store it: each name, and the hash.
STORED = """
import json, sys, bcrypt
from django.conf import settings
settings.configure()
from django.contrib.auth.hashers import BCryptPasswordHasher, BCryptSHA256PasswordHasher, PBKDF2PasswordHasher
password = sys.argv[1]
made = {
    "django_bcrypt": BCryptPasswordHasher().encode(password, bcrypt.gensalt(4)),
    "bcrypt": bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode(),
    "django_pbkdf2": PBKDF2PasswordHasher().encode(password, "salt", 1000),
    "django_bcrypt_sha256": BCryptSHA256PasswordHasher().encode(password, bcrypt.gensalt(4)),
}
print(json.dumps(made))
"""


@pytest.fixture(scope="module")
def stored() -> dict[str, str]:
    run = subprocess.run([PYTHON, "-c", STORED, PASSWORD], check=True, capture_output=True, text=True)
    made: dict[str, str] = json.loads(run.stdout)
    return made


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """The functions of the page, word for word."""
    (block,) = [each for each in blocks(REPOSITORY / "docs" / "adopt" / "users.md") if each.language == "python"]
    namespace: dict[str, Any] = {}
    exec(block.code, namespace)
    return namespace


@pytest.mark.parametrize("hasher", ["django_bcrypt", "bcrypt"])
def test_a_password_is_moved(stack: Stack, api: Process, page: Any, stored: dict[str, str], hasher: str) -> None:
    email = f"{uuid.uuid4()}@example.com"
    body = page["moved"]({"id": 7, "email": email, "password": stored[hasher]})
    admin = service(stack)
    assert admin.post("/auth/v1/admin/users", json=body).status_code == 200
    sign_in = "/auth/v1/token?grant_type=password"
    answer = anonymous(stack).post(sign_in, json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["app_metadata"]["old_id"] == 7
    assert anonymous(stack).post(sign_in, json={"email": email, "password": "another one"}).status_code == 400
    assert admin.post("/auth/v1/admin/users", json=body).status_code == 422


@pytest.mark.parametrize("hasher", ["django_pbkdf2", "django_bcrypt_sha256"])
def test_what_cannot_be_moved_is_told_apart(page: Any, stored: dict[str, str], hasher: str) -> None:
    assert page["hash_for_auth"](stored[hasher]) is None


def test_argon2_is_moved_without_its_first_word(page: Any) -> None:
    argon2 = "$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$aGFzaGhhc2g"
    assert page["hash_for_auth"](f"argon2{argon2}") == page["hash_for_auth"](argon2) == argon2


def test_a_hash_that_nobody_verifies_is_refused(stack: Stack, api: Process, stored: dict[str, str]) -> None:
    email = f"{uuid.uuid4()}@example.com"
    for more in ({"password_hash": stored["django_pbkdf2"]}, {"password_hash": stored["bcrypt"], "password": PASSWORD}):
        answer = service(stack).post("/auth/v1/admin/users", json={"email": email, **more})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")
