#!/usr/bin/env python3
"""Trains a shipped model on the data of make-training-data.mjs (CPU, PyTorch >= 1.13, numpy).

    python3 scripts/train.py MODEL [FOLDER] [--steps N] [--threads N]

A step takes a batch of every task, right-padded to its longest prompt. The loss is the mean -log probability of the right
answers at the measured position, plus that of the further tokens of an answer, plus a share of the ordinary next-token
loss, which gives the copying tasks a signal at every position. Writes config.json, model.safetensors and train_log.json.
A run that was interrupted goes on from FOLDER/checkpoint.pt, with the same results.
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from training import gpt2, llama
from training.prompts import Prompts
from training.safetensors import rounded, write_safetensors

MODELS = {"tasks-4l": gpt2, "tasks-4l-llama": llama}
SEED = 7
LEARNING_RATE, WARMUP, WEIGHT_DECAY = 2e-3, 100, 0.02
LOG_EVERY, SAVE_EVERY = 50, 100


def losses(model, w, ids, lengths, positions, right):
    """Mean answer loss, mean next-token loss, and per row whether the first and whether every answer token is right."""
    x = model.forward(w, ids)
    unembed = model.unembedding(w).T
    rows = torch.arange(len(ids))
    first = (x[rows, positions] @ unembed).log_softmax(-1)
    # Cross-entropy to the uniform distribution over the right answers. The summed probability alone would be satisfied
    # by one answer that is always right ("99" as the later year) and leave nothing of the task to learn.
    answer = -(first.masked_fill(~right, 0).sum(-1) / right.sum(-1)).mean()
    hit = right[rows, first.argmax(-1)]
    at = torch.arange(ids.shape[1] - 1)[None]
    inside = at < (lengths - 1)[:, None]
    logits = x[:, :-1][inside] @ unembed
    each = F.cross_entropy(logits, ids[:, 1:][inside], reduction="none")
    further = (at > positions[:, None])[inside]
    if further.any():
        answer = answer + each[further].sum() / len(ids)
    wrong = torch.zeros(len(ids), dtype=torch.bool)
    row_of = rows[:, None].expand_as(inside)[inside]
    wrong[row_of[further & (logits.argmax(-1) != ids[:, 1:][inside])]] = True
    return answer, each.mean(), hit, hit & ~wrong


def evaluate(model, w, prompts, vocab):
    """Accuracy of the first token of an answer, of whole answers, and the mean loss."""
    count = len(prompts.lengths)
    sums = np.zeros(3)
    with torch.no_grad():
        for start in range(0, count, 100):
            rows = np.arange(start, min(start + 100, count))
            answer, _, hit, whole = losses(model, w, *prompts.batch(rows, vocab))
            sums += np.array([hit.sum().item(), whole.sum().item(), answer.item() * len(rows)])
    accuracy, whole, loss = sums / count
    return {"accuracy": round(accuracy, 4), "whole_answers": round(whole, 4), "loss": round(loss, 4)}


def learning_rate(model, step, steps):
    """Rises, stays, and falls as a cosine over the last share of the steps."""
    falls_from = max(WARMUP, (1 - model.FALLING) * steps)
    progress = max(0, step - falls_from) / max(1, steps - falls_from)
    return LEARNING_RATE * min(1, step / WARMUP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("model", choices=MODELS)
    arguments.add_argument("folder", nargs="?", type=Path)
    arguments.add_argument("--steps", type=int)
    arguments.add_argument("--threads", type=int, default=2)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    # Subnormal numbers, as in the averages of tokens that are not seen any more, take many times as long.
    torch.set_flush_denormal(True)
    model = MODELS[options.model]
    steps = options.steps or model.STEPS
    folder = options.folder or Path("runs") / f"{options.model}-data"
    meta = json.loads((folder / "meta.json").read_text())
    tasks, vocab = meta["tasks"], meta["vocab"]
    data = {
        split: {task: Prompts(folder / f"{task}.{split}.bin") for task in tasks}
        for split in ("train", "heldout", "shipped")
    }

    chance = np.random.default_rng(SEED)
    weights = model.create_weights(vocab, SEED)
    matrices = [t for t in weights.values() if t.dim() > 1]
    vectors = [t for t in weights.values() if t.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": vectors, "weight_decay": 0.0}],
        lr=LEARNING_RATE,
        betas=(0.9, 0.98),
    )
    log, done = [], 0
    saved = folder / "checkpoint.pt"
    if saved.exists():
        state = torch.load(saved)
        done, log, chance.bit_generator.state = state["step"], state["log"], state["chance"]
        for name, tensor in weights.items():
            tensor.data.copy_(state["weights"][name])
        optimizer.load_state_dict(state["optimizer"])
    started = time.monotonic()
    for step in range(done + 1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(model, step, steps)
        optimizer.zero_grad()
        entry = {}
        for task in tasks:
            prompts = data["train"][task]
            rows = chance.integers(0, len(prompts.lengths), model.ROWS[task])
            answer, lm, hit, _ = losses(model, weights, *prompts.batch(rows, vocab))
            ((answer + model.NEXT_TOKEN_SHARE * lm) / len(tasks)).backward()
            entry[task] = {"loss": round(answer.item(), 4), "accuracy": round(hit.double().mean().item(), 3)}
        torch.nn.utils.clip_grad_norm_(weights.values(), 1.0)
        optimizer.step()
        if step % LOG_EVERY == 0:
            log.append({"step": step, "train": entry})
            seconds = f"{time.monotonic() - started:.0f} s"
            print(step, seconds, {t: (e["loss"], e["accuracy"]) for t, e in entry.items()}, flush=True)
        if step % SAVE_EVERY == 0:
            state = {"step": step, "log": log, "chance": chance.bit_generator.state, "weights": weights}
            torch.save({**state, "optimizer": optimizer.state_dict()}, folder / "checkpoint.new")
            (folder / "checkpoint.new").replace(saved)

    # What is told of the model is told of the weights as they are stored.
    weights = rounded(weights, model.STORAGE)
    results = {
        task: {split: evaluate(model, weights, data[split][task], vocab) for split in ("heldout", "shipped")}
        for task in tasks
    }
    for task, result in results.items():
        print(task, result)
    directory = Path("models") / options.model
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(model.config(vocab, meta["bosTokenId"]), indent=2) + "\n")
    write_safetensors(directory / "model.safetensors", weights, model.PREFIX, model.STORAGE)
    settings = {
        "seed": SEED,
        "steps": steps,
        "rows_per_task": model.ROWS,
        "learning_rate": LEARNING_RATE,
        "falling_share": model.FALLING,
        "weight_decay": WEIGHT_DECAY,
        "next_token_share": model.NEXT_TOKEN_SHARE,
        "parameters": sum(t.numel() for t in weights.values()),
    }
    report = {"settings": settings, "results": results, "log": log}
    (directory / "train_log.json").write_text(json.dumps(report, indent=1) + "\n")
    saved.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
