# SPDX-License-Identifier: Apache-2.0
"""Shells on a terminal of their own: types a line, presses Tab, and reads what became of it."""
import os
import pty
import re
import select
import shutil
import subprocess
import time


class Shell:
    """An interactive shell whose Ctrl-G shows the line under the cursor as [[LINE]]."""

    def __init__(self, command, setup, folder, environment):
        self.seen = ""
        self.process, self.fd = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)
        self.ready = 0
        for line in setup:
            self.send(line + "\n")
        self.send("echo rea''dy\n")
        self.read_until("ready\r?\n", 30)
        time.sleep(0.2)

    def send(self, text):
        os.write(self.fd, text.encode())

    def read_until(self, pattern, seconds):
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.seen)):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"no {pattern!r} in {self.seen!r}")
            try:
                self.seen += os.read(self.fd, 65536).decode(errors="replace")
            except OSError:
                raise TimeoutError(f"the shell ended: {self.seen!r}")
        before, self.seen = self.seen[:found.end()], self.seen[found.end():]
        return before, found

    def tab(self, line, times=1):
        """(the line after Tab, what was listed)"""
        self.seen = ""
        self.send(line)
        for _ in range(times):
            self.send("\t")
        self.send("\x07")
        text, found = self.read_until(r"\[\[(.*?)\]\]end", 30)
        self.send("\x15\n")
        return found.group(1), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)

    def close(self):
        self.send("\x15exit\n")
        time.sleep(0.1)
        os.close(self.fd)
        os.waitpid(self.process, 0)


def environment(binary):
    keep = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "TMPDIR")}
    return {**keep, "PATH": f"{binary.parent}:{keep['PATH']}", "TERM": "dumb", "PS1": "$ ", "HOME": "/nonexistent",
            "LC_ALL": "C.UTF-8", "COLUMNS": "200"}


def bash(binary, folder, with_package):
    setup = ["bind 'set show-all-if-ambiguous on'", "bind 'set page-completions off'", "bind 'set completion-query-items 0'",
             "bind 'set enable-bracketed-paste off'", r"""bind -x '"\C-g": printf "[[%s]]end\n" "$READLINE_LINE"'"""]
    if with_package:
        setup.append("source /usr/share/bash-completion/bash_completion")
    setup.append("source <(llmforge completion bash)")
    return Shell(["bash", "--norc", "--noprofile", "-i"], setup, folder, environment(binary))


def zsh(binary, folder):
    setup = ["autoload -U compinit; compinit -u -D", "unsetopt prompt_sp list_ambiguous", "LISTMAX=1000",
             "show() { print -r -- \"[[$BUFFER]]end\" }; zle -N show; bindkey '^G' show",
             "source <(llmforge completion zsh)"]
    return Shell(["zsh", "-f", "-i"], setup, folder, environment(binary))


class Fish:
    """fish says by itself what it would offer."""

    def __init__(self, binary, folder):
        self.folder, self.environment = folder, environment(binary) | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}

    def offered(self, line):
        quoted = line.replace("\\", "\\\\").replace("'", "\\'")
        done = subprocess.run(["fish", "--no-config", "-c", f"llmforge completion fish | source; complete -C '{quoted}'"],
                              cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60)
        return dict((one.split("\t", 1) + [""])[:2] for one in done.stdout.splitlines())


def missing():
    return [name for name in ("bash", "zsh", "fish") if not shutil.which(name)]
