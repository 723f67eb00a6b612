import os
import shlex
import subprocess


def unpack(name):
    # ruleid: python-shell-dynamic-command
    os.system("tar -xf " + name)
    # ruleid: python-shell-dynamic-command
    subprocess.call("tar -xf %s" % name, shell=True)


def archive(path: str, level: int):
    # ruleid: python-shell-dynamic-command
    subprocess.run(f"gzip {path}", shell=True, check=True)
    # ok: python-shell-dynamic-command
    subprocess.run(f"gzip {shlex.quote(path)}", shell=True, check=True)
    # ok: python-shell-dynamic-command
    subprocess.run(["gzip", path], check=True)
    # ok: python-shell-dynamic-command
    os.system("gzip -" + str(level) + " fixed.txt")


def run(command):
    # ok: python-shell-dynamic-command
    return subprocess.run(command, shell=True, check=True)


def publish(folder, host):
    command = "rsync -a %s backup" % folder
    command += " --delete"
    # ruleid: python-shell-dynamic-command
    os.system(command)
    arguments = ["rsync", "-a", folder, "backup"]
    # ok: python-shell-dynamic-command
    subprocess.run(arguments, check=True)
    # ruleid: python-shell-dynamic-command
    subprocess.run(["ssh", "-c", f"uptime {host}"], check=True)


def quiet(command):
    # ok: python-shell-dynamic-command
    os.system(command + " >/dev/null")
