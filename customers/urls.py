from django.urls import path

from customers import views

app_name = "customers"
urlpatterns = [
    path("", views.customer_list, name="list"),
    path("new/", views.customer_create, name="create"),
    path("<int:pk>/", views.customer_detail, name="detail"),
    path("<int:pk>/timeline/", views.customer_timeline, name="timeline"),
    path("<int:pk>/edit/", views.customer_edit, name="edit"),
    path("<int:pk>/note/", views.note_create, name="note"),
    path("<int:pk>/erase/", views.customer_erase, name="erase"),
    path("notes/<int:pk>/undo/", views.note_undo, name="note_undo"),
    path("documents/<int:pk>/", views.document, name="document"),
]
