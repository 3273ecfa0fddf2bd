# SPDX-License-Identifier: Apache-2.0
"""Fine-tunes a causal language model on JSONL with LoRA: the container that llmforge's launcher runs.

    train_lora.py [--model M] [--max-steps N] …       (config.py lists the options)

Ends with 0 when the model is in output_dir; with 143 after SIGTERM, once a checkpoint is written; SIGUSR1
writes one and goes on. A checkpoint's folder gets the file `COMPLETE` when it is whole; a start goes on from
the newest whole one by itself, so the same command finishes a run however often it was cut off.
"""
import json
import os
import pathlib
import re
import signal
import sys

import datasets
import peft
import torch
import transformers
import trl

import config
import data

STOPPED = 128 + signal.SIGTERM


class Checkpoints(transformers.TrainerCallback):
    """Signals become checkpoints, and whole checkpoints get their marker.

    The signal's handler only notes it: what is saved is the state between two steps.
    """

    def __init__(self, marker):
        self.marker, self.stop, self.save = marker, False, False
        signal.signal(signal.SIGTERM, self._told)
        signal.signal(signal.SIGUSR1, self._told)

    def _told(self, number, _frame):
        print(f"{signal.Signals(number).name}: a checkpoint after this step", flush=True)
        self.save = True
        self.stop = self.stop or number == signal.SIGTERM

    def on_step_end(self, args, state, control, **_):
        if self.save:
            self.save = False
            control.should_save = True
        if self.stop:
            control.should_training_stop = True
        return control

    def on_save(self, args, state, control, **_):
        if state.is_world_process_zero:
            folder = pathlib.Path(args.output_dir, f"checkpoint-{state.global_step}")
            for path in folder.rglob("*"):  # the marker may not be on the disk before what it stands for
                if path.is_file():
                    with open(path, "rb") as file:
                        os.fsync(file.fileno())
            (folder / self.marker).touch()
            print(f"checkpoint {folder} is complete", flush=True)


def newest_checkpoint(folder, marker):
    """The checkpoint with the highest step that is whole, or None."""
    found = [(int(m[1]), p) for p in pathlib.Path(folder).glob("checkpoint-*")
             if (m := re.fullmatch(r"checkpoint-(\d+)", p.name)) and (p / marker).exists()]
    return str(max(found)[1]) if found else None


def precision(settings):
    if settings.precision != "auto":
        return settings.precision
    if not torch.cuda.is_available():
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"


def load_model(settings, kind):
    options = {"torch_dtype": {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[kind]}
    if kind == "fp16":
        options["torch_dtype"] = torch.float32  # mixed precision keeps its weights in 32 bits
    if settings.method == "qlora":
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16 if kind == "bf16" else torch.float16)
        options["device_map"] = {"": int(os.environ.get("LOCAL_RANK", 0))}
    return transformers.AutoModelForCausalLM.from_pretrained(settings.model, **options)


def make_trainer(settings, callback):
    transformers.set_seed(settings.seed)
    tokenizer = transformers.AutoTokenizer.from_pretrained(settings.model)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    rows = data.read(settings.data_dir)
    texts = datasets.Dataset.from_dict({"text": [data.as_text(row, tokenizer) for row in rows]})
    kind = precision(settings)
    adapter = None if settings.method == "full" else peft.LoraConfig(
        task_type="CAUSAL_LM", r=settings.lora_rank, lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout, target_modules="all-linear")
    arguments = trl.SFTConfig(
        output_dir=settings.checkpoint_dir, num_train_epochs=settings.epochs, max_steps=settings.max_steps,
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.gradient_accumulation, learning_rate=settings.learning_rate,
        warmup_ratio=settings.warmup_ratio, lr_scheduler_type="cosine", logging_steps=10,
        save_steps=settings.save_steps, save_total_limit=settings.keep_checkpoints, seed=settings.seed,
        bf16=kind == "bf16", fp16=kind == "fp16", gradient_checkpointing=torch.cuda.is_available(),
        gradient_checkpointing_kwargs={"use_reentrant": False}, ddp_find_unused_parameters=False,
        max_seq_length=settings.max_length, dataset_text_field="text", packing=False,
        use_cpu=not torch.cuda.is_available(), run_name=os.environ.get("RUN_NAME"),
        report_to=["mlflow"] if os.environ.get("MLFLOW_TRACKING_URI") else [])
    return trl.SFTTrainer(model=load_model(settings, kind), args=arguments, train_dataset=texts,
                          processing_class=tokenizer, peft_config=adapter, callbacks=[callback])


def main():
    settings = config.load()
    callback = Checkpoints(settings.checkpoint_marker)  # before the slow part: a signal is not lost
    trainer = make_trainer(settings, callback)
    start = settings.resume_from or newest_checkpoint(settings.checkpoint_dir, settings.checkpoint_marker)
    print(f"starting from {start or 'the beginning'}", flush=True)
    if callback.stop:
        return STOPPED  # nothing was learned yet
    trainer.train(resume_from_checkpoint=start or None)
    if callback.stop and trainer.state.global_step < trainer.state.max_steps:
        return STOPPED
    trainer.save_model(settings.output_dir)
    if trainer.is_world_process_zero():
        losses = [entry["train_loss"] for entry in trainer.state.log_history if "train_loss" in entry]
        summary = {"steps": trainer.state.global_step, "train_loss": losses[-1] if losses else None,
                   "model": settings.model, "method": settings.method, "run": os.environ.get("RUN_NAME", "")}
        pathlib.Path(settings.output_dir, "result.json").write_text(json.dumps(summary, indent=2) + "\n")
        print(json.dumps(summary), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
