"""The demonstration data on a test's own stack."""

from gateway.local.seed import ACCOUNTS
from tests.support.stack import Stack

PASSWORD = "correct horse battery"


def seed_environment(stack: Stack) -> dict[str, str]:
    """What the env file would hold for `stack`, whose API must be running: enough for the seed."""
    return {
        "SUPABASE_URL": stack.supabase_url,
        "SUPABASE_PUBLISHABLE_KEY": stack.keys.publishable_key,
        "SUPABASE_SECRET_KEY": stack.keys.secret_key,
        "DATABASE_URL": stack.database.url,
        "DEMO_PASSWORD": PASSWORD,
        **{f"DEMO_{account.upper()}_EMAIL": f"{account}@seed.example" for account in ACCOUNTS},
    }
