"""A GPT-2: LayerNorms, learned positions, MLPs with gelu_new, biases, tied embeddings."""

import math

import torch
import torch.nn.functional as F

LAYERS, HEADS, WIDTH, POSITIONS = 4, 8, 128, 64
STEPS, FALLING = 1500, 1.0
# Prompts of each task in a step: more for those that copy from the context, which takes longest to learn.
ROWS = {"ioi": 32, "greater-than": 20, "induction": 48, "gendered-pronoun": 16, "docstring": 24, "agreement": 16}
NEXT_TOKEN_SHARE = 0.2
PREFIX, STORAGE = "transformer.", "float32"


def create_weights(vocab, seed):
    """Weights under the names of Hugging Face's GPT-2; matrices are [in, out]."""
    generator = torch.Generator().manual_seed(seed)

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
    """Final normed residual stream [rows, tokens, width]."""
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


def unembedding(w):
    return w["wte.weight"]


def config(vocab, bos):
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "bos_token_id": bos,
        "eos_token_id": bos,
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
        "torch_dtype": STORAGE,
        "vocab_size": vocab,
    }
