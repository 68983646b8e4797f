"""Writes model.safetensors."""

import json
import struct

import torch


def bf16_words(tensor):
    """The upper halves of the f32 words; the tensor holds bf16 values."""
    return (tensor.numpy().view("<u4") >> 16).astype("<u2")


STORAGES = {
    "float32": ("F32", lambda tensor: tensor.numpy().astype("<f4")),
    "bfloat16": ("BF16", bf16_words),
}


def rounded(weights, storage):
    """The values that a file in this storage holds, in f32."""
    return {name: tensor.detach().to(getattr(torch, storage)).float().contiguous() for name, tensor in weights.items()}


def write_safetensors(path, weights, prefix, storage):
    dtype, words = STORAGES[storage]
    header, at, blobs = {}, 0, []
    for name, tensor in rounded(weights, storage).items():
        blob = words(tensor).tobytes()
        header[f"{prefix}{name}"] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))
