"""Members of a club: Django, its REST framework, and FastAPI."""

from club.database import sessions
from club.models import Member
from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from rest_framework import serializers
from sqlalchemy.orm import Session

router = APIRouter()


class Profile(BaseModel):
    nickname: str
    city: str


# case: vulnerable
def sign_up(request: HttpRequest) -> JsonResponse:
    user = User.objects.create(**request.POST.dict())
    return JsonResponse({"id": user.pk}, status=201)


# case: safe (each field by its name)
def sign_up_harbor(request: HttpRequest) -> JsonResponse:
    user = User.objects.create_user(username=request.POST["username"], password=request.POST["password"])
    return JsonResponse({"id": user.pk}, status=201)


# case: vulnerable (every field of the account, `is_superuser` too)
class AccountForm(forms.ModelForm):
    class Meta:
        model = User
        fields = "__all__"


# case: safe (two fields)
class NameForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["first_name", "last_name"]


# case: vulnerable
class AccountSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = "__all__"


# case: safe (three fields, of which one is not written)
class NameSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ("id", "first_name", "last_name")
        read_only_fields = ("id",)


# case: vulnerable
@router.patch("/members/me")
async def change(request: Request, session: Session = Depends(sessions)):
    member = session.get(Member, request.state.member_id)
    body = await request.json()
    for name in body:
        setattr(member, name, body[name])
    session.commit()
    return {}


# case: safe (the model has two fields)
@router.put("/members/me")
async def replace(profile: Profile, request: Request, session: Session = Depends(sessions)):
    member = session.get(Member, request.state.member_id)
    for name, value in profile.model_dump().items():
        setattr(member, name, value)
    session.commit()
    return {}


# case: safe (the keys go into a dictionary that is only counted)
def statistics(request: HttpRequest) -> HttpResponse:
    values = dict(**request.GET.dict())
    return HttpResponse(str(len(values)), content_type="text/plain")
