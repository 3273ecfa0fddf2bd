# SPDX-License-Identifier: Apache-2.0
"""examples/finetune on a CPU: a tiny random model learns from JSONL, is cut off, and goes on."""
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples/finetune"))
import config  # noqa: E402
import data  # noqa: E402

PYTHON = os.environ["FINETUNE_PYTHON"]  # one with examples/finetune/requirements.txt
ENVIRONMENT = {"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1",
               "TOKENIZERS_PARALLELISM": "false", "LANG": "C.UTF-8", "CUDA_VISIBLE_DEVICES": ""}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    subprocess.run([PYTHON, ROOT / "tests/finetune/tiny_model.py", folder], env={**ENVIRONMENT, "HOME": str(folder)}, check=True)
    return folder


@pytest.fixture
def place(tmp_path):
    """The folders that the launcher mounts."""
    for name in ("data", "checkpoints", "output"):
        (tmp_path / name).mkdir()
    rows = [{"text": "the cat sat on the mat ."}, {"prompt": "the dog ", "completion": "ran to a red house ."},
            {"messages": [{"role": "user", "content": "the cat runs"}, {"role": "assistant", "content": "quickly ."}]}]
    (tmp_path / "data/train.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows * 8))
    return tmp_path


def command(model, *more):
    return [PYTHON, ROOT / "examples/finetune/train_lora.py", "--model", model, "--batch-size", "2",
            "--gradient-accumulation", "1", "--max-length", "32", "--lora-rank", "4", *map(str, more)]


def environ(place, **more):
    return {**ENVIRONMENT, "HOME": str(place), "DATA_DIR": str(place / "data"), "CHECKPOINT_DIR": str(place / "checkpoints"),
            "OUTPUT_DIR": str(place / "output"), **more}


def train(model, place, *more, **variables):
    return subprocess.run(command(model, *more), env=environ(place, **variables), capture_output=True, text=True, timeout=400)


def digest(place):
    return hashlib.sha256((place / "output/adapter_model.safetensors").read_bytes()).hexdigest()


def steps(place):
    return sorted(int(p.parent.name.split("-")[1]) for p in place.glob("checkpoints/*/COMPLETE"))


def begin(model, place, *more):
    """A run that has done some steps: the process, and the lines that it has said."""
    with open(place / "said", "wb") as said:
        process = subprocess.Popen(command(model, *more), env=environ(place), stdout=said, stderr=subprocess.STDOUT)
    end = time.monotonic() + 300
    while not steps(place):
        assert process.poll() is None and time.monotonic() < end, (place / "said").read_text()
        time.sleep(0.05)
    return process


def test_a_whole_run(model, place):
    done = train(model, place, "--max-steps", "6", "--save-steps", "2", RUN_NAME="first")
    assert done.returncode == 0, done.stderr
    result = json.loads((place / "output/result.json").read_text())
    assert result["steps"] == 6 and result["run"] == "first" and result["train_loss"] > 0
    adapter = json.loads((place / "output/adapter_config.json").read_text())
    assert adapter["r"] == 4 and "q_proj" in adapter["target_modules"]
    assert (place / "output/tokenizer.json").exists()
    assert steps(place) == [4, 6]  # two are kept


def test_sigterm_then_the_rest(model, place, tmp_path_factory):
    process = begin(model, place, "--max-steps", "100000", "--save-steps", "5")
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 143, (place / "said").read_text()
    assert not (place / "output/adapter_model.safetensors").exists()
    reached = steps(place)[-1]
    done = train(model, place, "--max-steps", str(reached + 3), "--save-steps", "1000")
    assert done.returncode == 0, done.stderr
    assert f"starting from {place}/checkpoints/checkpoint-{reached}\n" in done.stdout
    assert json.loads((place / "output/result.json").read_text())["steps"] == reached + 3


def test_cut_off_is_as_never_cut_off(model, place, tmp_path_factory):
    whole = tmp_path_factory.mktemp("whole")
    for name in ("data", "checkpoints", "output"):
        (whole / name).mkdir()
    (whole / "data/train.jsonl").write_bytes((place / "data/train.jsonl").read_bytes())
    options = ("--max-steps", "8", "--save-steps", "4", "--keep-checkpoints", "3")
    assert train(model, whole, *options).returncode == 0
    assert train(model, place, *options).returncode == 0
    assert digest(place) == digest(whole)
    # As after a power cut: the last checkpoint is not whole, the result is not there.
    (place / "output/adapter_model.safetensors").unlink()
    (place / "checkpoints/checkpoint-8/COMPLETE").unlink()
    done = train(model, place, *options)
    assert done.returncode == 0 and f"starting from {place}/checkpoints/checkpoint-4\n" in done.stdout, done.stderr
    assert digest(place) == digest(whole)
    # The launcher may name one.
    done = train(model, place, *options, RESUME_FROM=str(place / "checkpoints/checkpoint-4"))
    assert done.returncode == 0 and "starting from " + str(place / "checkpoints/checkpoint-4") in done.stdout, done.stderr


def test_sigusr1_is_a_checkpoint_and_no_end(model, place):
    process = begin(model, place, "--max-steps", "100000", "--save-steps", "7")
    before = set(steps(place))
    process.send_signal(signal.SIGUSR1)
    end = time.monotonic() + 120
    while not [s for s in set(steps(place)) - before if s % 7]:
        assert process.poll() is None and time.monotonic() < end, (place / "said").read_text()
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 143


@pytest.mark.parametrize("line, says", [
    ('{"text": "a"', "train.jsonl:25: no JSON"), ('{"txt": "a"}', "train.jsonl:25: neither `text`"), ('["a"]', "neither `text`")])
def test_data_that_is_none(place, line, says):
    assert len(data.read(place / "data")) == 24
    with open(place / "data/train.jsonl", "a") as file:
        file.write(line + "\n")
    with pytest.raises(SystemExit, match=re.escape(says)):
        data.read(place / "data")
    (place / "data/train.jsonl").unlink()
    with pytest.raises(SystemExit, match=r"holds no \*\.jsonl"):
        data.read(place / "data")


def test_options_and_variables():
    assert config.load([], {}).learning_rate == 2e-4
    assert config.load([], {"LEARNING_RATE": "1e-5", "DATA_DIR": "/d"}).learning_rate == 1e-5
    assert config.load(["--learning-rate", "3e-5"], {"LEARNING_RATE": "1e-5"}).learning_rate == 3e-5
    for options in (["--method", "lara"], ["--precision", "int8"], ["--epoch-s", "1"], ["--max-steps", "x"]):
        with pytest.raises(SystemExit) as refused:
            config.load(options, {})
        assert refused.value.code == 2
