"""Forms that change something for whoever is signed in."""

import hashlib
import hmac
import os

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST
from shop.models import Address

KEY = os.environ["WEBHOOK_KEY"].encode()


# case: vulnerable
@csrf_exempt
@login_required
@require_POST
def change_mail_depot(request: HttpRequest) -> HttpResponse:
    request.user.email = request.POST["mail"]
    request.user.save()
    return HttpResponse(status=204)


# case: safe (Django's middleware looks after it)
@login_required
@require_POST
def change_name(request: HttpRequest) -> HttpResponse:
    request.user.first_name = request.POST["name"]
    request.user.save()
    return HttpResponse(status=204)


# case: vulnerable (the whole view)
@method_decorator(csrf_exempt, name="dispatch")
class AddressView(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        Address.objects.filter(user=request.user).update(street=request.POST["street"])
        return HttpResponse(status=204)


# case: safe (asked for explicitly)
@method_decorator(csrf_protect, name="dispatch")
class PhoneView(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        Address.objects.filter(user=request.user).update(phone=request.POST["phone"])
        return HttpResponse(status=204)


# case: safe (reads only)
@login_required
@require_GET
def show_address(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Address.objects.get(user=request.user).street, content_type="text/plain")


# case: vulnerable (wrapped by hand)
@login_required
def _delete(request: HttpRequest) -> HttpResponse:
    Address.objects.filter(user=request.user).delete()
    return HttpResponse(status=204)


delete_address = csrf_exempt(_delete)


# case: safe (a machine calls it without cookies, and its signature is checked before anything happens)
@csrf_exempt
@require_POST
def payment_hook(request: HttpRequest) -> HttpResponse:
    expected = hmac.new(KEY, request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(request.headers.get("X-Signature", ""), expected):
        return HttpResponseForbidden()
    Address.objects.filter(paid=False, order=request.POST["order"]).update(paid=True)
    return HttpResponse(status=204)
