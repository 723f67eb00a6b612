from django.views.decorators.csrf import csrf_exempt
from flask import Flask

app = Flask(__name__)
# ruleid: python-csrf-disabled
app.config["WTF_CSRF_ENABLED"] = False
# ok: python-csrf-disabled
app.config["WTF_CSRF_ENABLED"] = True


@csrf_exempt
# ruleid: python-csrf-disabled
def transfer(request):
    return None


# ok: python-csrf-disabled
def show(request):
    return None
