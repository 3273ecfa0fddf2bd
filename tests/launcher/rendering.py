# SPDX-License-Identifier: Apache-2.0
"""Templates of the provider package, rendered by llmforge itself (`template()` in its console)."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
BINARY = pathlib.Path(os.environ.get("LLMFORGE", ROOT / "build/llmforge"))
TEMPLATES = ROOT / "providers/aws/templates"

# The variables of launcher.sh as the training block gives them for the reference spec.
VARIABLES = {
    "stack": "llm-tuning-lab", "run": "first", "region": "us-west-2",
    "image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/llm-tuning-lab-training:latest",
    "command": [], "env": {}, "data_bucket": "llm-tuning-lab-training-data-abc123",
    "outputs_bucket": "llm-tuning-lab-outputs-abc123", "nodes": 1, "node_rank": 0, "master_address": "", "gpus": 1,
    "auto_shutdown": True, "max_runtime": 43200, "checkpoint_interval": 300, "checkpoint_marker": "COMPLETE",
    "checkpoint_signal": "", "stop_grace": 60, "metrics_namespace": "llm-tuning-lab", "mlflow": "", "upgrade": False,
    "log_groups": {"setup": "/llm-tuning-lab/training-setup", "training": "/llm-tuning-lab/training",
                   "container": "/llm-tuning-lab/container"},
}


def render(name, variables=None, **more):
    """The text of the template `name`; for launcher.sh the variables above, with some of them changed."""
    values = {**(VARIABLES if variables is None else variables), **more}
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "llmforge.yaml").write_text("stack: lab\nprovider: aws\nregion: us-west-2\n")
        shutil.copy(TEMPLATES / name, folder)
        done = subprocess.run([BINARY, "console", folder], capture_output=True, text=True, timeout=60,
                              input=f"base64.encode(bytes(template('{name}', {json.dumps(values)})))\n")
    assert done.returncode == 0 and done.stdout, done.stderr
    return base64.b64decode(done.stdout.strip().strip("'\"")).decode()
