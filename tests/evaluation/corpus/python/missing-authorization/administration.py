"""The administration of the shop. Its views are reached from the internet."""

from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View
from django.views.decorators.http import require_POST
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.response import Response
from rest_framework.views import APIView
from shop.models import Order


# case: safe (a permission is asked for)
@require_POST
@permission_required("auth.delete_user", raise_exception=True)
def delete_user(request: HttpRequest, number: int) -> HttpResponse:
    User.objects.filter(pk=number).delete()
    return HttpResponse(status=204)


# case: vulnerable (everybody may)
class AdminUsers(APIView):
    permission_classes = [AllowAny]

    def delete(self, request, number):
        User.objects.filter(pk=number).delete()
        return Response(status=204)


# case: safe (administrators only)
class AdminOrders(APIView):
    permission_classes = [IsAdminUser]

    def delete(self, request, number):
        Order.objects.filter(pk=number).delete()
        return Response(status=204)


# case: vulnerable (no permissions and no authentication)
class AdminRefunds(APIView):
    authentication_classes = []
    permission_classes = []

    def post(self, request, number):
        Order.objects.filter(pk=number).update(refunded=True)
        return Response(status=204)


# case: safe (a mixin asks)
class Export(PermissionRequiredMixin, View):
    permission_required = "shop.export_orders"

    def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse({"orders": list(Order.objects.values())})


# case: safe (staff only)
@staff_member_required
def statistics(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"users": User.objects.count()})


# case: vulnerable (signs a visitor up for any role, and lets everybody do so)
class AdminRoles(APIView):
    permission_classes = (AllowAny,)

    def put(self, request, number):
        User.objects.filter(pk=number).update(is_staff=True)
        return Response(status=204)


# case: safe (one's own orders only)
@login_required
def own_orders(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"orders": list(Order.objects.filter(user=request.user).values())})
