from rest_framework.authentication import BaseAuthentication

from apps.users.models import User


class IdentityAuthentication(BaseAuthentication):
    """Whoever the gateway has signed for. No query is made."""

    def authenticate(self, request):
        claims = request._request.claims
        return (User(id=claims["sub"]), claims) if claims["role"] == "authenticated" else None

    def authenticate_header(self, request):
        return "Bearer"
