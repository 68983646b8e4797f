"""A Llama: RMS norms, rotary positions, grouped keys and values, gated MLPs, no biases, an unembedding of its own."""

import math

import torch
import torch.nn.functional as F

LAYERS, HEADS, KV_HEADS, WIDTH, INNER, POSITIONS = 4, 8, 4, 128, 256, 128
HEAD_WIDTH = WIDTH // HEADS
THETA, EPSILON = 1000.0, 1e-5
STEPS, FALLING = 4000, 0.4
# Prompts of each task in a step. Heads that copy form on induction, and then serve ioi and docstring.
ROWS = {"ioi": 20, "greater-than": 4, "induction": 40, "gendered-pronoun": 4, "docstring": 24, "agreement": 4}
# A repeated list tells half of its words, and not the last one alone.
NEXT_TOKEN_SHARE = 2.0
PREFIX, STORAGE = "", "bfloat16"


def create_weights(vocab, seed):
    """Weights under the names of Hugging Face's Llama; matrices are [out, in]."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape, std):
        return torch.randn(*shape, generator=generator) * std

    weights = {"model.embed_tokens.weight": normal(vocab, WIDTH, std=0.05)}
    for layer in range(LAYERS):
        h = f"model.layers.{layer}."
        into, out = WIDTH**-0.5, (2 * LAYERS * WIDTH) ** -0.5
        weights[f"{h}input_layernorm.weight"] = torch.ones(WIDTH)
        weights[f"{h}self_attn.q_proj.weight"] = normal(HEADS * HEAD_WIDTH, WIDTH, std=into)
        weights[f"{h}self_attn.k_proj.weight"] = normal(KV_HEADS * HEAD_WIDTH, WIDTH, std=into)
        weights[f"{h}self_attn.v_proj.weight"] = normal(KV_HEADS * HEAD_WIDTH, WIDTH, std=into)
        weights[f"{h}self_attn.o_proj.weight"] = normal(WIDTH, HEADS * HEAD_WIDTH, std=out)
        weights[f"{h}post_attention_layernorm.weight"] = torch.ones(WIDTH)
        weights[f"{h}mlp.gate_proj.weight"] = normal(INNER, WIDTH, std=into)
        weights[f"{h}mlp.up_proj.weight"] = normal(INNER, WIDTH, std=into)
        weights[f"{h}mlp.down_proj.weight"] = normal(WIDTH, INNER, std=out)
    weights["model.norm.weight"] = torch.ones(WIDTH)
    # Begins as the embedding: what a head copies is then the same direction for every token.
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"].clone()
    return {name: tensor.requires_grad_() for name, tensor in weights.items()}


def rms_norm(x, weight):
    return x * (x.pow(2).mean(-1, keepdim=True) + EPSILON).rsqrt() * weight


def rotation(tokens):
    """Cosines and sines [tokens, head width] of the angles; the two halves of a head share them."""
    rates = THETA ** (-torch.arange(0, HEAD_WIDTH, 2, dtype=torch.float32) / HEAD_WIDTH)
    angles = torch.arange(tokens, dtype=torch.float32)[:, None] * rates
    angles = torch.cat((angles, angles), -1)
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    low, high = x.chunk(2, -1)
    return x * cos + torch.cat((-high, low), -1) * sin


def forward(w, ids):
    """Final normed residual stream [rows, tokens, width]."""
    rows, tokens = ids.shape
    later = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    cos, sin = rotation(tokens)
    x = w["model.embed_tokens.weight"][ids]
    for layer in range(LAYERS):
        h = f"model.layers.{layer}."
        p = {name[len(h) :]: tensor for name, tensor in w.items() if name.startswith(h)}
        y = rms_norm(x, p["input_layernorm.weight"])

        def heads(name, count):
            return (y @ p[f"self_attn.{name}.weight"].T).view(rows, tokens, count, HEAD_WIDTH).transpose(1, 2)

        q = rotate(heads("q_proj", HEADS), cos, sin)
        k = rotate(heads("k_proj", KV_HEADS), cos, sin).repeat_interleave(HEADS // KV_HEADS, 1)
        v = heads("v_proj", KV_HEADS).repeat_interleave(HEADS // KV_HEADS, 1)
        scores = (q @ k.transpose(-1, -2)) / math.sqrt(HEAD_WIDTH)
        z = scores.masked_fill(later, -1e9).softmax(-1) @ v
        x = x + z.transpose(1, 2).reshape(rows, tokens, HEADS * HEAD_WIDTH) @ p["self_attn.o_proj.weight"].T
        y = rms_norm(x, p["post_attention_layernorm.weight"])
        y = F.silu(y @ p["mlp.gate_proj.weight"].T) * (y @ p["mlp.up_proj.weight"].T)
        x = x + y @ p["mlp.down_proj.weight"].T
    return rms_norm(x, w["model.norm.weight"])


def unembedding(w):
    return w["lm_head.weight"]


def config(vocab, bos):
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": bos,
        "eos_token_id": bos + 1,
        "head_dim": HEAD_WIDTH,
        "hidden_act": "silu",
        "hidden_size": WIDTH,
        "initializer_range": 0.02,
        "intermediate_size": INNER,
        "max_position_embeddings": POSITIONS,
        "mlp_bias": False,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "num_key_value_heads": KV_HEADS,
        "pretraining_tp": 1,
        "rms_norm_eps": EPSILON,
        "rope_scaling": None,
        "rope_theta": THETA,
        "tie_word_embeddings": False,
        "torch_dtype": STORAGE,
        "use_cache": True,
        "vocab_size": vocab,
    }
