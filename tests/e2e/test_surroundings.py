# SPDX-License-Identifier: Apache-2.0
"""Around the program: disks that are full or read-only, files that cannot be read, TLS that does not
hold. Each is one clear error that names the place and the way out, exit 1; nothing is changed, and
what the state knew it still knows."""
import contextlib
import os
import re
import socket
import ssl
import subprocess
import threading

import pytest

from cloud import nothing_doubled

ON = ("--var", "create_instance=true")


@pytest.fixture
def applied(cloud, forge):
    """An applied stack; at the end state and cloud must be as they were, and the plan empty."""
    forge.apply()
    counts = cloud.counts()
    state = {p: p.read_bytes() for p in forge.state_files()}
    cloud.forget_requests()
    yield
    assert cloud.mutations() == []
    assert cloud.counts() == counts
    assert {p: p.read_bytes() for p in forge.state_files()} == state
    forge.environment, forge.wrapper = {}, []
    forge.plan(expect=0)


def as_root(*command):
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*sudo, *map(str, command)], check=True)


@contextlib.contextmanager
def mounted(folder, *options):
    """A mount on `folder`, taken away at the end whatever happens."""
    as_root("mount", *options, folder)
    try:
        yield folder
    finally:
        as_root("umount", folder)


@contextlib.contextmanager
def small_disk(folder, kilobytes):
    folder.mkdir(exist_ok=True)
    with mounted(folder, "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=0777", "llmforge-test"):
        yield folder


@contextlib.contextmanager
def read_only(folder):
    with mounted(folder, "--bind", folder):
        as_root("mount", "-o", "remount,bind,ro", folder)
        yield folder


def without_root_rights(forge):
    """Root may read and write everything: those rights are dropped."""
    if os.geteuid() == 0:
        forge.wrapper = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]


# ---- the disk

def test_a_full_disk_before_the_first_request(cloud, forge):
    with small_disk(forge.spec.parent / ".llmforge", 64) as disk:
        (disk / "filler").write_bytes(b"\0" * 60 * 1024)
        with contextlib.suppress(OSError):
            (disk / "more").write_bytes(b"\0" * 60 * 1024)
        error = forge.run("apply", expect=1).one_error()
        assert str(disk) in error and "no space left" in error and "help:" in error
        assert cloud.counts() == {} and cloud.mutations() == []
        as_root("mount", "-o", "remount,size=16m", disk)
        forge.apply("--target", "network.**")
        assert cloud.counts()["vpcs"] == 1


@pytest.mark.parametrize("kilobytes", [24, 64, 100])
def test_a_disk_that_fills_up_while_things_are_made(cloud, forge, kilobytes):
    """Nothing more is sent than the journal could hold; with room again, it converges."""
    with small_disk(forge.spec.parent / ".llmforge", kilobytes) as disk:
        run = forge.run("apply", *ON, expect=1)
        error = run.one_error()
        assert str(disk) in error and "no space left" in error and "free " in error
        made = cloud.counts()
        as_root("mount", "-o", "remount,size=16m", disk)
        forge.apply(*ON)
        counts = cloud.counts()
        assert nothing_doubled(counts), (made, counts)
        forge.plan(*ON, expect=0)


def test_a_read_only_state_folder(cloud, forge, applied):
    with read_only(forge.spec.parent / ".llmforge"):
        forge.plan(expect=0)  # looks, writes nothing
        for verb in ("apply", "destroy"):
            error = forge.run(verb, expect=1).one_error()
            assert ".llmforge" in error and "ead-only" in error and "help:" in error


def test_a_spec_in_a_read_only_folder(cloud, forge):
    with read_only(forge.spec.parent):
        error = forge.run("apply", expect=1).one_error()
        assert str(forge.spec.parent) in error and "ead-only" in error and "help:" in error
    assert cloud.counts() == {}


def test_a_state_folder_of_somebody_else(cloud, forge, applied):
    without_root_rights(forge)
    folder = forge.spec.parent / ".llmforge"
    mode = folder.stat().st_mode
    folder.chmod(0o500)
    try:
        error = forge.run("apply", "--var", "run=second", *ON, expect=1).one_error()
        assert ".llmforge" in error and "ermission denied" in error and "help:" in error
    finally:
        folder.chmod(mode)


# ---- files that cannot be read

@pytest.mark.parametrize("file", ["spec", "state", "lock"])
def test_a_file_that_may_not_be_read(cloud, forge, applied, file):
    without_root_rights(forge)
    if file == "spec":
        path = forge.spec
    elif file == "state":
        path = [p for p in forge.state_files() if p.name == "llm-tuning-lab.llmforge.json"][0]
    else:
        path = forge.spec.parent / "llmforge.lock"
        forge.run("plan", *ON)
        assert path.exists()
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        cloud.forget_requests()
        run = forge.run("plan", expect=(1, 3) if file == "spec" else 1)
        error = run.one_error()
        assert path.name in error and "ermission denied" in error
        assert cloud.requests() == []
    finally:
        path.chmod(mode)


def test_a_damaged_state(cloud, forge, applied):
    path = [p for p in forge.state_files() if p.name == "llm-tuning-lab.llmforge.json"][0]
    whole = path.read_bytes()
    try:
        for broken in (b"", whole[:len(whole) // 2], whole.replace(b"vpc-", b"vpx-", 1)):
            path.write_bytes(broken)
            for verb in ("plan", "apply", "destroy"):
                error = forge.run(verb, expect=1).one_error()
                assert path.name in error and "state restore" in error
            assert path.read_bytes() == broken
    finally:
        path.write_bytes(whole)


def test_ten_megabytes_of_nested_aliases(cloud, forge):
    """A small step each, billions of elements in the end: refused at once, before any request."""
    lines = ["llmforge: 1", "stack: laughs", "provider: aws", "region: us-west-2", "locals:", "  a0: &a0 [lol, lol]"]
    lines += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 60)]
    lines += [f"  # {'x' * 90}"] * 110_000
    forge.spec.write_text("\n".join(lines) + "\n")
    assert forge.spec.stat().st_size > 10_000_000
    run = forge.run("plan", expect=3, timeout=30)
    assert "LF0105" in run.err and "aws-finetune.yaml:" in run.err
    assert cloud.requests() == []


# ---- TLS

@pytest.fixture
def tls(cloud, tmp_path):
    """moto behind TLS with a certificate that nobody knows. Its URL, and the certificate's file."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    there = ("127.0.0.1", int(cloud.url.rsplit(":", 1)[1]))

    def carry(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve():
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                inner, outer = context.wrap_socket(raw, server_side=True), socket.create_connection(there)
                for pair in ((inner, outer), (outer, inner)):
                    threading.Thread(target=carry, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}", certificate
    listener.close()


def test_a_certificate_that_nobody_knows(cloud, forge, applied, tls):
    url, certificate = tls
    forge.environment = {"AWS_ENDPOINT_URL": url}
    error = forge.run("plan", expect=1).one_error()
    assert "certificate" in error and "127.0.0.1" in error and "AWS_CA_BUNDLE" in error
    assert cloud.requests() == []
    forge.environment["AWS_CA_BUNDLE"] = str(certificate)
    forge.plan(expect=0)
    forge.environment["AWS_CA_BUNDLE"] = str(forge.folder / "nowhere.pem")
    error = forge.run("plan", expect=1).one_error()
    assert "nowhere.pem" in error


def test_no_tls_where_tls_is_meant(cloud, forge, applied):
    forge.environment = {"AWS_ENDPOINT_URL": cloud.url.replace("http://", "https://")}
    error = forge.run("plan", expect=1).one_error()
    assert "127.0.0.1" in error and re.search(r"TLS|SSL", error)


def test_a_name_that_does_not_exist(cloud, forge, applied):
    forge.environment = {"AWS_ENDPOINT_URL": "http://nowhere.invalid:9"}
    error = forge.run("plan", expect=1).one_error()
    assert "nowhere.invalid" in error and "help:" in error
