from django.urls import path

from staff import views

urlpatterns = [
    path("", views.home_page, name="home"),
]
