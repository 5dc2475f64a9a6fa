"""Views of the blog."""

from django.http import Http404, HttpResponse, JsonResponse
from django.middleware.csrf import get_token

POSTS = {1: "First", 2: "Second"}


def index(request):
    return HttpResponse("<h1>Blog</h1>")


def posts(request):
    return JsonResponse({"posts": [{"id": key, "title": title} for key, title in POSTS.items()]})


def post(request, key):
    if key not in POSTS:
        raise Http404
    return JsonResponse({"title": POSTS[key]})


def form(request):
    return HttpResponse(f'<form><input name="token" value="{get_token(request)}"></form>')
