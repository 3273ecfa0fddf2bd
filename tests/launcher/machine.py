# SPDX-License-Identifier: Apache-2.0
"""A machine for the launcher: a folder as its root, stand-ins (stand_ins.py) before the real programs in
its PATH, a metadata server that speaks IMDSv2, and real bash, tmux, jq and curl."""
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
NAMES = ("aws docker nvidia-smi nvidia-ctk df shutdown systemctl apt-get apt-mark dpkg dpkg-query fallocate gpg "
         "curl-outside").split()


class Metadata:
    """The metadata service, version 2 only: without a token that it gave it answers 401."""

    def __init__(self, values):
        self.values, service = dict(values), self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, code, text=""):
                self.send_response(code)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def do_PUT(self):
                asked = self.path == "/latest/api/token" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
                self.answer(200, "token") if asked else self.answer(400)

            def do_GET(self):
                if self.headers.get("X-aws-ec2-metadata-token") != "token":
                    return self.answer(401)
                value = service.values.get(self.path.removeprefix("/latest/meta-data/"))
                self.answer(404) if value is None else self.answer(200, value)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def interrupt(self):
        self.values["spot/instance-action"] = '{"action": "terminate", "time": "2026-11-23T12:02:00Z"}'

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Machine:
    def __init__(self, folder, s3, script, instance, address="10.1.1.10", index=0, beat=1, **settings):
        self.folder, self.s3, self.instance, self.beat = folder, s3, instance, beat
        self.root, self.stand_ins, self.bin = folder / "root", folder / "stand-ins", folder / "bin"
        for path in (self.root, self.stand_ins, self.bin, folder / "tmux"):
            path.mkdir(parents=True)
        self.metadata = Metadata({"instance-id": instance, "local-ipv4": address, "ami-launch-index": str(index)})
        for name in NAMES:
            self._link(self.bin / name)
        # The metadata server is asked for real; the world outside by the stand-in.
        curl = self.bin / "curl"
        curl.write_text(f'#!/bin/bash\nif [[ $* == *127.0.0.1* ]]; then exec {shutil.which("curl")} "$@"; fi\n'
                        'exec curl-outside "$@"\n')
        curl.chmod(0o755)
        agent = self.root / "opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl"
        agent.parent.mkdir(parents=True)
        self._link(agent)
        self.settings(**settings)
        self.user_data = folder / "part-001"
        self.user_data.write_text(script)
        self.user_data.chmod(self.user_data.stat().st_mode | stat.S_IXUSR)
        self.process = None

    @staticmethod
    def _link(path):
        path.write_text(f'#!{sys.executable} -SE\nimport sys\nsys.argv[0] = "{path.name}"\nsys.path.insert(0, "{HERE}")\n'
                        'import stand_ins\nstand_ins.main()\n')
        path.chmod(0o755)

    def settings(self, **values):
        path = self.stand_ins / "settings.json"
        old = json.loads(path.read_text()) if path.exists() else {}
        path.with_suffix(".new").write_text(json.dumps({**old, **values}))
        path.with_suffix(".new").rename(path)

    def faults(self, *faults):
        (self.stand_ins / "faults.json").write_text(json.dumps(faults))

    def environ(self):
        return {"PATH": f"{self.bin}:{os.environ['PATH']}", "STAND_INS": str(self.stand_ins), "STAND_INS_S3": str(self.s3),
                "LLMFORGE_ROOT": str(self.root), "LLMFORGE_IMDS": self.metadata.url, "LLMFORGE_POLL": "1",
                "LLMFORGE_BEAT": str(self.beat), "LLMFORGE_PAUSE": "0", "TMUX_TMPDIR": str(self.folder / "tmux"), "HOME": str(self.folder),
                "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}

    def install(self):
        """What cloud-init does at the first boot."""
        subprocess.run([self.user_data], env=self.environ(), check=True, timeout=120)

    def start(self):
        """What systemd does at each start: the unit's own command."""
        unit = (self.root / "etc/systemd/system/llmforge-training.service").read_text()
        program, *arguments = re.search(r"^ExecStart=(.*)$", unit, re.M)[1].split()
        self.process = subprocess.Popen([str(self.root) + program, *arguments], env=self.environ(), start_new_session=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def boot(self):
        if not (self.root / "etc/systemd/system/llmforge-training.service").exists():
            self.install()
        return self.start()

    def wait(self, timeout=300):
        code = self.process.wait(timeout)
        time.sleep(0.1)  # the last lines of the log go through tee
        return code

    def run(self):
        self.boot()
        return self.wait()

    def until(self, what, timeout=240):
        end = time.monotonic() + timeout
        while not what():
            assert time.monotonic() < end, self.log()
            assert self.process is None or self.process.poll() is None, self.log()
            time.sleep(0.05)

    def power_cut(self):
        """Everything on the machine dies at once, docker's containers too."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.kill_tmux()
        state = self.stand_ins / "docker/training.json"
        if state.exists():
            pid = json.loads(state.read_text())["pid"]
            if pathlib.Path(f"/proc/{pid}").exists():
                os.killpg(pid, signal.SIGKILL)

    def kill_tmux(self):
        subprocess.run(["tmux", "kill-server"], env=self.environ(), stderr=subprocess.DEVNULL)

    def close(self):
        if self.process and self.process.poll() is None:
            self.power_cut()
        self.kill_tmux()
        self.metadata.close()

    # ---- what is seen

    def calls(self, *words):
        """The recorded calls that begin with these words, as `name arguments…`."""
        path = self.stand_ins / "calls"
        lines = [json.loads(x) for x in path.read_text().splitlines()] if path.exists() else []
        all_calls = [" ".join([c["name"], *c["args"]]) for c in lines]
        return [c for c in all_calls if c.startswith(" ".join(words))]

    def arguments(self, *words):
        path = self.stand_ins / "calls"
        calls = [[c["name"], *c["args"]] for c in map(json.loads, path.read_text().splitlines())]
        return [c for c in calls if c[:len(words)] == list(words)]

    def container(self, attempt=-1):
        """Environment and rest of the command line of a `docker run`."""
        run = self.arguments("docker", "run")[attempt]
        return dict(run[i + 1].split("=", 1) for i, word in enumerate(run) if word == "-e"), run

    def terminated(self):
        return (self.stand_ins / "terminated").exists()

    def log(self, name="training-setup"):
        path = self.root / f"var/log/{name}.log"
        return path.read_text() if path.exists() else ""
