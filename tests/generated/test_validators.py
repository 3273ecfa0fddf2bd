# SPDX-License-Identifier: Apache-2.0
"""What the templates generate, through the validators of each kind of file, and each validator with a planted
mistake, which it must find."""
import gzip
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/launcher"))
from rendering import render  # noqa: E402

BUILD = {"branch": "main", "region": "us-west-2", "repository": "llm-tuning-lab-training", "context": "lab",
         "dockerfile": "Dockerfile.gpu", "paths": ["lab/**"]}
INFRA = {"spec": "specs/aws-finetune.yaml", "env": "", "branch": "main", "region": "us-west-2", "apply": True,
         "github_environment": "", "version": "0.1.0", "url": "https://example.org/llmforge", "sha256": "0" * 64, "paths": []}
SCRIPTS = [{}, {"nodes": 2, "node_rank": -1, "upgrade": True, "checkpoint_signal": "USR1", "env": {"A": "it's"}, "command": ["x", "y z"]}]
WORKFLOWS = [("build-push-ecr.yml", BUILD), ("build-push-ecr.yml", {**BUILD, "paths": []}), ("infra.yml", INFRA),
             ("infra.yml", {**INFRA, "env": "prod", "github_environment": "production", "paths": ["specs/**"]}),
             ("infra.yml", {**INFRA, "apply": False})]
DOCKERFILE = ROOT / "examples/finetune/Dockerfile.gpu"


def validate(check, *files):
    done = subprocess.run([ROOT / "tests/peers/validators.sh", check, *files], capture_output=True, text=True, timeout=800)
    assert done.returncode != 77, done.stderr
    return done.returncode, done.stdout + done.stderr


def accepts(check, *files):
    code, said = validate(check, *files)
    assert code == 0, said
    return said


def finds(check, path, text, mistake):
    path.write_text(text)
    code, said = validate(check, path)
    assert code != 0 and mistake in said, said


@pytest.mark.parametrize("variables", SCRIPTS, ids=["usual", "everything"])
def test_user_data(tmp_path, variables):
    script, packed = tmp_path / "user-data.sh", tmp_path / "user-data.gz"
    text = render("launcher.sh", **variables)
    script.write_text(text)
    packed.write_bytes(gzip.compress(text.encode(), mtime=0))
    accepts("shell", script)
    # cloud-init takes it for what it is, compressed too.
    assert accepts("user-data", script, packed).split() == ["text/x-shellscript"] * 2


@pytest.mark.parametrize("name, variables", WORKFLOWS, ids=["build", "build-all", "infra", "infra-prod", "infra-plan-only"])
def test_workflows(tmp_path, name, variables):
    path = tmp_path / name
    path.write_text(render(name, variables))
    accepts("workflow", path)
    accepts("yaml", path)
    # Third-party actions are pinned by commit, with the version beside it.
    uses = [line.split("uses:")[1].split() for line in path.read_text().splitlines() if "uses:" in line]
    assert uses and all(len(u[0].split("@")[1]) == 40 and u[1] == "#" and u[2].startswith("v") for u in uses)


@pytest.mark.parametrize("ssh", [False, True])
def test_bastion(tmp_path, ssh):
    (tmp_path / "bastion.yml").write_text(render("bastion.yml", {"ssh": ssh}))
    accepts("cloud-init", tmp_path / "bastion.yml")


def test_dockerfile():
    accepts("dockerfile", DOCKERFILE)
    accepts("shell", ROOT / "examples/finetune/entrypoint.sh")


def test_planted_mistakes(tmp_path):
    script = render("launcher.sh")
    finds("shell", tmp_path / "a.sh", script.replace('"$VAR/started.json"', "$VAR/started.json"), "SC2086")
    workflow = render("infra.yml", INFRA)
    finds("workflow", tmp_path / "a.yml", workflow.replace("github.token", "github.tokn"), "tokn")
    finds("workflow", tmp_path / "b.yml", workflow.replace('"$RUNNER_TEMP/plan.md"', "$RUNNER_TEMP/plan.md"), "SC2086")
    finds("yaml", tmp_path / "c.yml", workflow + "name: again\n", "duplication of key")
    finds("dockerfile", tmp_path / "Dockerfile", DOCKERFILE.read_text().replace(":2.5.1-cuda12.4-cudnn9-runtime", ""), "DL3006")
    finds("policy", tmp_path / "p.json", '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObjekt", '
          '"Resource": "arn:aws:s3:::b/*"}]}', "GetObjekt")
    finds("cloud-init", tmp_path / "u.yaml", "#cloud-config\npackages: [tmux]\nruncmd: tmux\n", "runcmd")
    (tmp_path / "good.yaml").write_text("#cloud-config\npackages: [tmux]\nruncmd: [[echo, hi]]\n")
    accepts("cloud-init", tmp_path / "good.yaml")
    (tmp_path / "good.json").write_text('{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", '
                                        '"Resource": "arn:aws:s3:::b/*"}]}')
    accepts("policy", tmp_path / "good.json")
