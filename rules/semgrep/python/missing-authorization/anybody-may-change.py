from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.response import Response
from rest_framework.views import APIView


class Orders(APIView):
    # ruleid: python-anybody-may-change
    permission_classes = [AllowAny]

    def delete(self, request, number):
        return Response(status=204)


class Refunds(APIView):
    # ruleid: python-anybody-may-change
    permission_classes = []

    def post(self, request, number):
        return Response(status=204)


# ok: python-anybody-may-change
class Staff(APIView):
    permission_classes = [IsAdminUser]

    def delete(self, request, number):
        return Response(status=204)


# ok: python-anybody-may-change
class Prices(APIView):
    permission_classes = [AllowAny]

    def get(self, request):
        return Response({"price": 3})


# ok: python-anybody-may-change
class LoginView(APIView):
    permission_classes = [AllowAny]

    def post(self, request):
        return Response(status=204)


@api_view(["DELETE"])
@permission_classes([AllowAny])
# ruleid: python-anybody-may-change
def remove(request, number):
    return Response(status=204)


@api_view(["GET"])
@permission_classes([AllowAny])
# ok: python-anybody-may-change
def show(request, number):
    return Response({"number": number})
