#!/bin/sh
# ruleid: shell-container-runs-with-rights-of-host
docker run --rm --privileged registry.example.com/tool:1.4 scan
# ruleid: shell-container-runs-with-rights-of-host
docker run -v /var/run/docker.sock:/var/run/docker.sock registry.example.com/tool:1.4
# ruleid: shell-container-runs-with-rights-of-host
docker run -d \
  --network=host registry.example.com/tool:1.4
# ruleid: shell-container-runs-with-rights-of-host
podman run --cap-add SYS_ADMIN registry.example.com/tool:1.4
# ruleid: shell-container-runs-with-rights-of-host
docker run -v /:/host registry.example.com/tool:1.4
# ok: shell-container-runs-with-rights-of-host
docker run --rm -v "$PWD:/src" --cap-drop ALL --network none registry.example.com/tool:1.4
# ok: shell-container-runs-with-rights-of-host
docker run -v /etcetera:/x --network backend registry.example.com/tool:1.4
