"""``python -m tests.standin --port 8929 --dir DIR``: an empty stand-in with three people and a project to play with."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from tests.standin import DEVELOPER, MAINTAINER, Standin


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description="Runs the GitLab stand-in.")
    parser.add_argument("--port", type=int, default=8929, help="0 takes any free port")
    parser.add_argument("--dir", type=Path, default=None, help="folder for the repositories; default a temporary one")
    arguments = parser.parse_args()
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    with Standin(arguments.dir, port=arguments.port) as gitlab:
        bot = gitlab.create_user("mergewarden", "Mergewarden", bot=True)
        ada = gitlab.create_user("ada", "Ada Lovelace")
        grace = gitlab.create_user("grace", "Grace Hopper")
        project = gitlab.create_project(
            "acme/shop",
            {"README.md": "# Shop\n"},
            members={bot: DEVELOPER, ada: DEVELOPER, grace: MAINTAINER},
        )
        gitlab.settings(project, only_allow_merge_if_pipeline_succeeds=True)
        told = {
            "url": gitlab.url,
            "project": {"id": project.id, "path": project.path, "git": f"{gitlab.url}/{project.path}.git"},
            "tokens": {u.username: gitlab.create_token(u) for u in (bot, ada, grace)},
        }
        print(json.dumps(told, indent=2), flush=True)
        done.wait()
    sys.exit(0)


if __name__ == "__main__":
    main()
