# SPDX-License-Identifier: Apache-2.0
"""What a run is told: each field is an option (`--learning-rate 1e-4`) and a variable (LEARNING_RATE).

An option wins over a variable, a variable over the default. The paths are those that the launcher mounts
(docs/platforms/aws-launcher.md).
"""
import argparse
import dataclasses
import os


@dataclasses.dataclass
class Config:
    model: str = "meta-llama/Llama-3.1-8B"  # a name on the hub, or a folder
    data_dir: str = "/data"  # *.jsonl with `text`, `messages`, or `prompt` and `completion`
    checkpoint_dir: str = "/checkpoints"
    output_dir: str = "/output"
    resume_from: str = ""  # a checkpoint; empty: the newest in checkpoint_dir, if any
    checkpoint_marker: str = "COMPLETE"  # written into a checkpoint's folder as its last file
    method: str = "lora"  # lora, qlora (4 bit, GPUs only) or full
    lora_rank: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.05
    epochs: float = 1.0
    max_steps: int = -1  # -1: as many as `epochs` come to
    batch_size: int = 4  # of one GPU
    gradient_accumulation: int = 4
    learning_rate: float = 2e-4
    warmup_ratio: float = 0.03
    max_length: int = 2048
    precision: str = "auto"  # bf16, fp16, fp32; auto: what the GPU is good at
    save_steps: int = 100
    keep_checkpoints: int = 2
    seed: int = 42


def load(arguments=None, environment=None):
    """The configuration of this run; ends the program on an option that is none."""
    environment = os.environ if environment is None else environment
    parser = argparse.ArgumentParser(description="Fine-tunes a model with LoRA.")
    for field in dataclasses.fields(Config):
        default = environment.get(field.name.upper(), field.default)
        parser.add_argument("--" + field.name.replace("_", "-"), type=field.type, default=default)
    config = Config(**vars(parser.parse_args(arguments)))
    if config.method not in ("lora", "qlora", "full"):
        parser.error("method is lora, qlora or full")
    if config.precision not in ("auto", "bf16", "fp16", "fp32"):
        parser.error("precision is auto, bf16, fp16 or fp32")
    return config
