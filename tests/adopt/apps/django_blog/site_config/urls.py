"""The blog's URL map."""

from django.urls import path

from blog import views

urlpatterns = [
    path("", views.index),
    path("posts/", views.posts),
    path("posts/<int:key>/", views.post),
    path("form/", views.form),
]
