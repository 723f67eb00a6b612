import os
import tempfile
import uuid


def merge(data, number):
    # ruleid: python-predictable-temporary-file
    with open("/tmp/report.txt", "w") as target:
        target.write(data)
    # ruleid: python-predictable-temporary-file
    with open(f"/tmp/report-{number}.txt", "wb") as target:
        target.write(data)
    name = os.path.join("/tmp", "report-" + number)
    # ruleid: python-predictable-temporary-file
    with open(name, "a") as target:
        target.write(data)
    place = os.path.join(tempfile.gettempdir(), "report.txt")
    # ruleid: python-predictable-temporary-file
    with open(place, "w") as target:
        target.write(data)


def merge_well(data):
    with tempfile.TemporaryDirectory() as folder:
        # ok: python-predictable-temporary-file
        with open(os.path.join(folder, "report.txt"), "w") as target:
            target.write(data)
    # ok: python-predictable-temporary-file
    with open("/tmp/report.txt") as source:
        data += source.read()
    # ok: python-predictable-temporary-file
    with open("/tmp/report.txt", "x") as target:
        target.write(data)
    # ok: python-predictable-temporary-file
    with open("/var/lib/report/report.txt", "w") as target:
        target.write(data)
    name = "/tmp/" + uuid.uuid4().hex
    # ok: python-predictable-temporary-file
    with open(name, "w") as target:
        target.write(data)
