from fastapi import FastAPI
from flask import Flask

app = Flask(__name__)
# ruleid: python-debug-mode
api = FastAPI(debug=True)
# ok: python-debug-mode
other = FastAPI()
# ruleid: python-debug-mode
app.config["DEBUG"] = True
# ok: python-debug-mode
app.config["DEBUG"] = False

if __name__ == "__main__":
    # ok: python-debug-mode
    app.run(host="127.0.0.1")
    # ruleid: python-debug-mode
    app.run(debug=True)
