"""A Django app in one file, with its own sign-in: python3 django_app.py PORT ENGINE FOLDER."""

import os
import sys

import django
from django.conf import settings

port, engine, folder = sys.argv[1:]
settings.configure(
    SECRET_KEY=os.environ["SECRET"],
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(folder, "db.sqlite3"),
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    SESSION_ENGINE="django.contrib.sessions.backends." + engine,
    USE_TZ=True,
)
django.setup()

from django.contrib.auth import authenticate, login, logout  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpResponse, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import ensure_csrf_cookie  # noqa: E402

PICTURE = "/ada.png"


@ensure_csrf_cookie
def sign_in(request):
    if request.method == "GET":
        return HttpResponse(status=204)
    user = authenticate(
        request, username=request.POST["username"], password=request.POST["password"]
    )
    if user is None:
        return HttpResponse(status=403)
    login(request, user)
    request.session["name"] = user.get_full_name()
    request.session["picture"] = PICTURE
    return HttpResponse(status=204)


def sign_out(request):
    logout(request)
    return HttpResponse(status=204)


def presence_session(request):
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    name = request.user.get_full_name()
    return JsonResponse(
        {
            "user": {"id": request.user.pk, "name": name, "image": PICTURE},
            "expiresAt": request.session.get_expiry_date().isoformat(),
        }
    )


urlpatterns = [
    path("sign-in", sign_in),
    path("sign-out", sign_out),
    path("presence-session", presence_session),
]

call_command("migrate", verbosity=0)
User.objects.create_user(
    "ada", password="correct horse", first_name="Ada", last_name="Lovelace"
)
call_command("runserver", "127.0.0.1:" + port, use_reloader=False)
