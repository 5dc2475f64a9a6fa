"""Every request runs in one transaction as its caller, so that the policies decide what it sees and changes."""

import json

import jwt
from django.conf import settings
from django.db import connection, transaction
from django.http import JsonResponse

VISITOR = {"role": "anon"}


def claims_of(header):
    """The claims of whoever is calling. Raises jwt.InvalidTokenError."""
    if header is None:
        return VISITOR
    said = jwt.decode(header, settings.IDENTITY_SECRET, algorithms=["HS256"], audience=settings.IDENTITY_NAME, issuer="tidegate")
    return said["claims"]


def become(claims):
    """Until the end of the transaction, as the Data API does it."""
    role = "authenticated" if claims["role"] == "authenticated" else "anon"
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
            [role, json.dumps(claims)],
        )


class CallerMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            request.claims = claims_of(request.headers.get("X-Tidegate-Identity"))
        except jwt.InvalidTokenError:
            return JsonResponse({"detail": "The gateway has not signed this request."}, status=401)
        with transaction.atomic():
            become(request.claims)
            response = self.get_response(request)
            if response.status_code >= 400:
                transaction.set_rollback(True)
        return response
