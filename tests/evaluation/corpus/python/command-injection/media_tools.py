"""Image and video conversion for the media library."""

import html
import os
import re
import shlex
import subprocess
from pathlib import Path
from urllib.parse import parse_qs

from flask import Blueprint, Flask, abort, jsonify, request

app = Flask(__name__)
media = Blueprint("media", __name__, url_prefix="/media")

UPLOADS = Path("/srv/media/uploads")
PRESETS = {"small": "640x360", "medium": "1280x720", "large": "1920x1080"}


class MediaRequest:
    """What the handlers need from the request, by one name each."""

    def __init__(self, raw):
        self.raw = raw

    def field(self, name):
        return self.raw.form.get(name, "")

    def title(self):
        return "untitled"


# case: vulnerable
@media.route("/thumbnail")
def thumbnail_mirror():
    name = request.args.get("name", "")
    os.system("convert /srv/media/uploads/" + name + " -resize 120x120 /srv/media/thumbs/" + name)
    return jsonify(ok=True)


# case: safe (a list of arguments and no shell)
@media.route("/probe")
def probe():
    name = request.args.get("name", "")
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-show_format", "-i", f"/srv/media/uploads/{name}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return jsonify(report=done.stdout)


# case: vulnerable (the list is handed to a shell all the same)
@media.route("/rotate", methods=["POST"])
def rotate():
    body = request.get_json()
    degrees = body["degrees"]
    command = ["sh", "-c", f"mogrify -rotate {degrees} /srv/media/uploads/current.jpg"]
    subprocess.check_call(command)
    return "", 204


# case: safe (the size comes from a table, the request only picks the entry)
@media.route("/resize", methods=["POST"])
def resize():
    size = PRESETS.get(request.form["preset"], "640x360")
    subprocess.run(f"mogrify -resize {size} /srv/media/uploads/current.jpg", shell=True, check=True)
    return "", 204


# case: vulnerable (HTML escaping leaves `$( )` and back-quotes alone)
@media.route("/caption", methods=["POST"])
def caption():
    wrapped = MediaRequest(request)
    text = html.escape(wrapped.field("caption"))
    subprocess.Popen("convert current.jpg -annotate 0 " + text + " captioned.jpg", shell=True).wait()
    return "", 204


# case: safe (the wrapper's title is a constant)
@media.route("/label", methods=["POST"])
def label():
    wrapped = MediaRequest(request)
    text = wrapped.title()
    os.system("convert current.jpg -annotate 0 " + text + " labelled.jpg")
    return "", 204


# case: safe (each value is quoted for the shell)
@media.route("/concat", methods=["POST"])
def concat():
    parts = [shlex.quote(part) for part in request.form.getlist("part")]
    os.system("cat " + " ".join(parts) + " > /srv/media/joined.ts")
    return "", 204


# case: vulnerable (the query string is taken apart by hand; the sink stands in a helper)
@media.route("/transcode/panel")
def transcode_panel():
    query = parse_qs(request.query_string.decode("utf-8"))
    codec = query.get("codec", ["h264"])[0]
    return _run_encoder(codec)


def _run_encoder(codec):
    with os.popen("ffmpeg -i /srv/media/in.mp4 -c:v %s /srv/media/out.mp4" % codec) as pipe:
        return pipe.read()


# case: safe (the whole name must match before it is used)
@media.route("/waveform/<name>")
def waveform(name):
    if not re.fullmatch(r"[A-Za-z0-9_]{1,40}", name):
        abort(400)
    os.system("audiowaveform -i /srv/media/uploads/" + name + ".wav -o /srv/media/waves/" + name + ".png")
    return "", 204


# case: vulnerable (the check only logs, it does not stop)
@media.route("/strip/<name>")
def strip(name):
    if not re.fullmatch(r"[A-Za-z0-9_]+", name):
        app.logger.warning("odd media name")
    subprocess.call("exiftool -all= /srv/media/uploads/{}.jpg".format(name), shell=True)
    return "", 204


# case: safe (the branch that reads the request is never taken)
@media.route("/quality")
def quality():
    width = 86
    if 7 * 42 - width > 200:
        level = "80"
    else:
        level = request.args.get("level")
    subprocess.run("mogrify -quality " + level + " current.jpg", shell=True, check=False)
    return "", 204


# case: vulnerable (the tainted element is the one that stays in the list)
@media.route("/filter")
def apply_filter_desk():
    steps = ["grayscale", request.headers.get("X-Filter", ""), "sharpen"]
    steps.pop(0)
    chosen = steps[0]
    subprocess.getoutput(f"gmic current.jpg -{chosen} -output filtered.jpg")
    return "", 204


# case: safe (the conversion to a number lets no text through)
@media.route("/cut")
def cut():
    try:
        seconds = int(request.args["seconds"])
    except (KeyError, ValueError):
        abort(400)
    os.system(f"ffmpeg -ss {seconds} -i /srv/media/in.mp4 -frames:v 1 /srv/media/still.png")
    return "", 204


# case: vulnerable (the program itself comes from the body)
@media.route("/plugin", methods=["POST"])
def run_plugin():
    settings = {"tool": "identify", "flags": "-verbose"}
    settings["tool"] = request.json.get("tool")
    done = subprocess.run([settings["tool"], "/srv/media/uploads/current.jpg"], capture_output=True, check=False)
    return done.stdout


app.register_blueprint(media)
