"""The back office. It has no middleware for permissions: each view asks for itself."""

from fastapi import APIRouter, Depends, HTTPException
from flask import Blueprint, abort
from flask_login import current_user, login_required
from office.models import Account, Payment
from office.security import current_admin
from office.serializers import PaymentSerializer
from rest_framework import permissions, viewsets
from rest_framework.decorators import api_view, permission_classes
from rest_framework.response import Response

admin = Blueprint("admin", __name__, url_prefix="/admin")
router = APIRouter(prefix="/admin")


# case: safe (signed in, and an administrator)
@admin.post("/accounts/<int:number>/lock")
@login_required
def lock(number):
    if not current_user.is_admin:
        abort(403)
    Account.query.filter_by(id=number).update({"locked": True})
    return "", 204


# case: vulnerable (the one beside it was not forgotten)
@admin.post("/accounts/<int:number>/delete")
def delete(number):
    Account.query.filter_by(id=number).delete()
    return "", 204


# case: safe (depends on an administrator)
@router.delete("/payments/{number}")
async def delete_payment(number: int, user: Account = Depends(current_admin)):
    Payment.get(number).delete(by=user.id)
    return {}


# case: vulnerable (depends on nobody)
@router.delete("/accounts/{number}")
async def delete_account_office(number: int):
    found = Account.get(number)
    if found is None:
        raise HTTPException(404)
    found.delete()
    return {}


# case: vulnerable
@api_view(["DELETE"])
@permission_classes([permissions.AllowAny])
def admin_delete_payment_partner(request, number):
    Payment.objects.filter(pk=number).delete()
    return Response(status=204)


# case: safe (administrators only)
@api_view(["DELETE"])
@permission_classes([permissions.IsAdminUser])
def admin_cancel_payment(request, number):
    Payment.objects.filter(pk=number).update(cancelled=True)
    return Response(status=204)


# case: safe (signed in, with the permissions of the model)
class Payments(viewsets.ModelViewSet):
    queryset = Payment.objects.all()
    serializer_class = PaymentSerializer
    permission_classes = [permissions.IsAuthenticated, permissions.DjangoModelPermissions]


# case: vulnerable (every action of the model, for everybody)
class AdminPayments(viewsets.ModelViewSet):
    queryset = Payment.objects.all()
    serializer_class = PaymentSerializer
    permission_classes = [permissions.AllowAny]
