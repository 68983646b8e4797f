#!/usr/bin/env python3
"""Trains models/tasks-4l on the data of make-training-data.mjs (CPU, PyTorch >= 1.13, numpy).

    python3 scripts/train-tasks-4l.py [FOLDER] [--steps N] [--threads N]

A step takes a batch of every task, right-padded to its longest prompt. The loss is the mean -log probability of the right
answers at the last token, plus a share of the ordinary next-token loss, which gives the copying tasks a signal at every
position. Writes config.json, model.safetensors and train_log.json.
"""

import argparse
import json
import math
import struct
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

MODEL = Path("models/tasks-4l")
SEED = 7
LAYERS, HEADS, WIDTH, POSITIONS = 4, 8, 128, 64
LEARNING_RATE, WARMUP, WEIGHT_DECAY, LM_SHARE = 2e-3, 100, 0.02, 0.2
LOG_EVERY = 50
# Prompts of each task in a step: more for those that copy from the context, which takes longest to learn.
ROWS = {"ioi": 32, "greater-than": 20, "induction": 48, "gendered-pronoun": 16, "docstring": 24, "agreement": 16}


class Prompts:
    """One file of prompts: padded ids [n, longest], lengths [n], right answers as (row, id) pairs."""

    def __init__(self, path):
        numbers = np.fromfile(path, dtype="<i4")
        starts, at = [], 0
        while at < len(numbers):
            starts.append(at)
            at += 2 + numbers[at] + numbers[at + 1]
        self.lengths = numbers[starts]
        self.ids = np.zeros((len(starts), self.lengths.max()), dtype=np.int64)
        self.answers = []
        for row, start in enumerate(starts):
            length, right = numbers[start], numbers[start + 1]
            self.ids[row, :length] = numbers[start + 2 : start + 2 + length]
            self.answers.append(numbers[start + 2 + length : start + 2 + length + right])

    def batch(self, rows, vocab):
        lengths = torch.from_numpy(self.lengths[rows].astype(np.int64))
        ids = torch.from_numpy(self.ids[rows, : int(lengths.max())])
        right = torch.zeros(len(rows), vocab, dtype=torch.bool)
        for i, row in enumerate(rows):
            right[i, self.answers[row].astype(np.int64)] = True
        return ids, lengths, right


def create_weights(vocab):
    """Weights under the names of Hugging Face's GPT-2; matrices are [in, out]."""
    generator = torch.Generator().manual_seed(SEED)

    def normal(*shape, std):
        return torch.randn(*shape, generator=generator) * std

    weights = {"wte.weight": normal(vocab, WIDTH, std=0.05), "wpe.weight": normal(POSITIONS, WIDTH, std=0.05)}
    for layer in range(LAYERS):
        h = f"h.{layer}."
        into, out = WIDTH**-0.5, (2 * LAYERS * WIDTH) ** -0.5
        for norm in ("ln_1", "ln_2"):
            weights[f"{h}{norm}.weight"], weights[f"{h}{norm}.bias"] = torch.ones(WIDTH), torch.zeros(WIDTH)
        for name, fan_in, fan_out, std in (
            ("attn.c_attn", WIDTH, 3 * WIDTH, into),
            ("attn.c_proj", WIDTH, WIDTH, out),
            ("mlp.c_fc", WIDTH, 4 * WIDTH, into),
            ("mlp.c_proj", 4 * WIDTH, WIDTH, out / 2),
        ):
            weights[f"{h}{name}.weight"], weights[f"{h}{name}.bias"] = normal(fan_in, fan_out, std=std), torch.zeros(fan_out)
    weights["ln_f.weight"], weights["ln_f.bias"] = torch.ones(WIDTH), torch.zeros(WIDTH)
    return {name: tensor.requires_grad_() for name, tensor in weights.items()}


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def forward(w, ids):
    """Final normed residual stream [rows, tokens, width]; logits are its product with the token embedding."""
    rows, tokens = ids.shape
    later = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    x = w["wte.weight"][ids] + w["wpe.weight"][:tokens]
    for layer in range(LAYERS):
        p = {name[len(f"h.{layer}.") :]: t for name, t in w.items() if name.startswith(f"h.{layer}.")}
        y = F.layer_norm(x, (WIDTH,), p["ln_1.weight"], p["ln_1.bias"], 1e-5)
        qkv = y @ p["attn.c_attn.weight"] + p["attn.c_attn.bias"]
        q, k, v = qkv.view(rows, tokens, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        scores = (q @ k.transpose(-1, -2)) / math.sqrt(WIDTH // HEADS)
        z = scores.masked_fill(later, -1e9).softmax(-1) @ v
        x = x + z.transpose(1, 2).reshape(rows, tokens, WIDTH) @ p["attn.c_proj.weight"] + p["attn.c_proj.bias"]
        y = F.layer_norm(x, (WIDTH,), p["ln_2.weight"], p["ln_2.bias"], 1e-5)
        y = gelu_new(y @ p["mlp.c_fc.weight"] + p["mlp.c_fc.bias"])
        x = x + y @ p["mlp.c_proj.weight"] + p["mlp.c_proj.bias"]
    return F.layer_norm(x, (WIDTH,), w["ln_f.weight"], w["ln_f.bias"], 1e-5)


def losses(w, ids, lengths, right):
    """Mean answer loss, mean next-token loss, and per row whether the most probable token is a right answer."""
    x = forward(w, ids)
    rows = torch.arange(len(ids))
    last = (x[rows, lengths - 1] @ w["wte.weight"].T).log_softmax(-1)
    # Cross-entropy to the uniform distribution over the right answers. The summed probability alone would be satisfied
    # by one answer that is always right ("99" as the later year) and leave nothing of the task to learn.
    answer = -(last.masked_fill(~right, 0).sum(-1) / right.sum(-1)).mean()
    inside = torch.arange(ids.shape[1] - 1)[None] < (lengths - 1)[:, None]
    lm = F.cross_entropy(x[:, :-1][inside] @ w["wte.weight"].T, ids[:, 1:][inside])
    return answer, lm, right[rows, last.argmax(-1)]


def evaluate(w, prompts, vocab):
    with torch.no_grad():
        answer, _, hit = losses(w, *prompts.batch(np.arange(len(prompts.lengths)), vocab))
    return {"accuracy": round(hit.double().mean().item(), 4), "loss": round(answer.item(), 4)}


def write_safetensors(path, weights):
    header, at = {}, 0
    blobs = []
    for name, tensor in weights.items():
        blob = tensor.detach().numpy().astype("<f4").tobytes()
        header[f"transformer.{name}"] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def write_config(path, vocab):
    config = {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-05,
        "n_ctx": POSITIONS,
        "n_embd": WIDTH,
        "n_head": HEADS,
        "n_inner": None,
        "n_layer": LAYERS,
        "n_positions": POSITIONS,
        "scale_attn_weights": True,
        "tie_word_embeddings": True,
        "torch_dtype": "float32",
        "vocab_size": vocab,
    }
    path.write_text(json.dumps(config, indent=2) + "\n")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", nargs="?", default="runs/tasks-4l-data", type=Path)
    arguments.add_argument("--steps", type=int, default=1500)
    arguments.add_argument("--threads", type=int, default=2)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    chance = np.random.default_rng(SEED)
    meta = json.loads((options.folder / "meta.json").read_text())
    tasks, vocab = meta["tasks"], meta["vocab"]
    data = {
        split: {task: Prompts(options.folder / f"{task}.{split}.bin") for task in tasks}
        for split in ("train", "heldout", "shipped")
    }

    weights = create_weights(vocab)
    matrices = [t for t in weights.values() if t.dim() > 1]
    vectors = [t for t in weights.values() if t.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": vectors, "weight_decay": 0.0}],
        lr=LEARNING_RATE,
        betas=(0.9, 0.98),
    )
    log = []
    started = time.monotonic()
    for step in range(1, options.steps + 1):
        progress = max(0, step - WARMUP) / max(1, options.steps - WARMUP)
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * min(1, step / WARMUP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        optimizer.zero_grad()
        entry = {}
        for task in tasks:
            prompts = data["train"][task]
            rows = chance.integers(0, len(prompts.lengths), ROWS[task])
            answer, lm, hit = losses(weights, *prompts.batch(rows, vocab))
            ((answer + LM_SHARE * lm) / len(tasks)).backward()
            entry[task] = {"loss": round(answer.item(), 4), "accuracy": round(hit.double().mean().item(), 3)}
        torch.nn.utils.clip_grad_norm_(weights.values(), 1.0)
        optimizer.step()
        if step % LOG_EVERY == 0:
            log.append({"step": step, "train": entry})
            print(step, f"{time.monotonic() - started:.0f} s", {t: (e["loss"], e["accuracy"]) for t, e in entry.items()}, flush=True)

    results = {task: {split: evaluate(weights, data[split][task], vocab) for split in ("heldout", "shipped")} for task in tasks}
    for task, result in results.items():
        print(task, result)
    MODEL.mkdir(parents=True, exist_ok=True)
    write_config(MODEL / "config.json", vocab)
    write_safetensors(MODEL / "model.safetensors", weights)
    settings = {
        "seed": SEED,
        "steps": options.steps,
        "rows_per_task": ROWS,
        "learning_rate": LEARNING_RATE,
        "weight_decay": WEIGHT_DECAY,
        "next_token_share": LM_SHARE,
        "parameters": sum(t.numel() for t in weights.values()),
    }
    report = {"settings": settings, "results": results, "log": log}
    (MODEL / "train_log.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
