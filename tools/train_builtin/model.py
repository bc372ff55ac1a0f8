"""The LLaMA architecture at a small size, written for fast training on a CPU.

The parameters are kept in float32. Matrix products run in bfloat16 and
everything else that is delicate (norms, softmax sums, the loss, the residual
stream) in float32.
"""

import math
from typing import Dict, NamedTuple

import torch
import torch.nn.functional as F


class Config(NamedTuple):
    vocab: int = 4096
    dim: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 64
    ffn: int = 704
    context: int = 512
    rope_base: float = 10000.0
    eps: float = 1e-5


def init_parameters(config: Config, seed: int) -> Dict[str, torch.Tensor]:
    """Make the parameters, named as the GGUF file names them."""
    generator = torch.Generator().manual_seed(seed)

    def normal(rows, columns, std):
        return torch.randn(rows, columns, generator=generator) * std

    c = config
    params = {"token_embd.weight": normal(c.vocab, c.dim, 0.02)}
    for layer in range(c.layers):
        prefix = f"blk.{layer}."
        std = 1.0 / math.sqrt(c.dim)
        params[prefix + "attn_norm.weight"] = torch.ones(c.dim)
        params[prefix + "attn_q.weight"] = normal(c.heads * c.head_dim, c.dim, std)
        params[prefix + "attn_k.weight"] = normal(c.kv_heads * c.head_dim, c.dim, std)
        params[prefix + "attn_v.weight"] = normal(c.kv_heads * c.head_dim, c.dim, std)
        # The projections into the residual stream start at zero.
        params[prefix + "attn_output.weight"] = torch.zeros(c.dim, c.heads * c.head_dim)
        params[prefix + "ffn_norm.weight"] = torch.ones(c.dim)
        params[prefix + "ffn_gate.weight"] = normal(c.ffn, c.dim, std)
        params[prefix + "ffn_up.weight"] = normal(c.ffn, c.dim, std)
        params[prefix + "ffn_down.weight"] = torch.zeros(c.dim, c.ffn)
    params["output_norm.weight"] = torch.ones(c.dim)
    return params


class RMSNorm(torch.autograd.Function):
    """x / rms(x) * weight, from float32 to bfloat16."""

    @staticmethod
    def forward(ctx, x, weight, eps):
        scale = torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, weight, scale)
        return (x * scale * weight).bfloat16()

    @staticmethod
    def backward(ctx, grad):
        x, weight, scale = ctx.saved_tensors
        grad = grad.float()
        unit = x * scale
        product = grad * unit
        grad_weight = product.sum(0)
        dot = product.mul_(weight).mean(-1, keepdim=True)
        return grad.mul(weight).addcmul_(unit, dot, value=-1).mul_(scale), grad_weight, None


class SwiGLU(torch.autograd.Function):
    """silu(gate) * up, with one exponential per element for both passes."""

    @staticmethod
    def forward(ctx, gate, up):
        sigmoid = torch.sigmoid(gate.float()).bfloat16()
        ctx.save_for_backward(gate, up, sigmoid)
        return (gate * sigmoid).mul_(up)

    @staticmethod
    def backward(ctx, grad):
        gate, up, sigmoid = ctx.saved_tensors
        silu = gate * sigmoid
        slope = torch.addcmul(silu, sigmoid, 1 - silu)
        grad_up = silu.mul_(grad)
        grad_gate = slope.mul_(up).mul_(grad)
        return grad_gate, grad_up


class HeadLoss(torch.autograd.Function):
    """Output projection and mean cross entropy, with gradients made on the way.

    The logits of all tokens at once would be large, so this goes through them in
    pieces and never keeps more than one piece.
    """

    @staticmethod
    def forward(ctx, hidden, weight, targets, piece=1024):
        count = hidden.shape[0]
        total = hidden.new_zeros((), dtype=torch.float32)
        grad_hidden = torch.empty_like(hidden)
        grad_weight = torch.zeros(weight.shape, device=weight.device)
        for begin in range(0, count, piece):
            part = hidden[begin:begin + piece]
            target = targets[begin:begin + piece, None]
            log_probs = torch.log_softmax(F.linear(part, weight).float(), -1)
            total -= log_probs.gather(1, target).sum()
            grad = log_probs.exp_()
            grad.scatter_add_(1, target, torch.full_like(target, -1, dtype=grad.dtype))
            grad = grad.mul_(1.0 / count).bfloat16()
            grad_hidden[begin:begin + piece] = grad @ weight
            grad_weight += (grad.t() @ part).float()
        ctx.save_for_backward(grad_hidden, grad_weight)
        return total / count

    @staticmethod
    def backward(ctx, grad):
        grad_hidden, grad_weight = ctx.saved_tensors
        return grad_hidden * grad.to(grad_hidden.dtype), grad_weight * grad, None, None


def rope_table(config: Config, length: int, device) -> torch.Tensor:
    """Unit complex numbers [position, pair]; pair i turns elements 2i and 2i+1."""
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim
    angles = torch.outer(torch.arange(length, dtype=torch.float64),
                         config.rope_base ** -exponents)
    return torch.polar(torch.ones_like(angles), angles).to(torch.complex64).to(device)


def rotate(x: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Apply RoPE to x[batch, position, head, element]."""
    pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * table[:, None, :]).flatten(-2).bfloat16()


def attention(q, k, v, block: int = 128):
    """Causal attention with grouped heads; q is already scaled.

    q is [batch, heads, time, dim]; k and v are [batch * kv_heads, time, dim]. The
    heads that share a key head are stacked along time, and the queries go in
    blocks, so that keys behind a block's end cost nothing.
    """
    batch, heads, time, dim = q.shape
    group = batch * heads // k.shape[0]
    mask = torch.full((block, block), float("-inf"), dtype=q.dtype, device=q.device).triu(1)
    outputs = []
    for begin in range(0, time, block):
        end = min(begin + block, time)
        size = end - begin
        part = q[:, :, begin:end].reshape(k.shape[0], group * size, dim)
        scores = torch.bmm(part, k[:, :end].transpose(1, 2))
        scores = scores.view(k.shape[0], group, size, end)
        scores[..., begin:end] += mask[:size, :size]
        weights = torch.softmax(scores, -1).view(k.shape[0], group * size, end)
        outputs.append(torch.bmm(weights, v[:, :end]).view(batch, heads, size, dim))
    return torch.cat(outputs, 2)


def hidden_states(params, config: Config, tokens: torch.Tensor) -> torch.Tensor:
    """Run the model up to the final norm; the result is [tokens, dim] in bfloat16."""
    c = config
    batch, time = tokens.shape
    table = rope_table(c, time, tokens.device)
    x = F.embedding(tokens.reshape(-1), params["token_embd.weight"])
    for layer in range(c.layers):
        weight = {
            name: params[f"blk.{layer}.{name}.weight"].bfloat16()
            for name in ("attn_q", "attn_k", "attn_v", "attn_output",
                         "ffn_gate", "ffn_up", "ffn_down")
        }
        h = RMSNorm.apply(x, params[f"blk.{layer}.attn_norm.weight"], c.eps)
        queries_keys = F.linear(h, torch.cat([weight["attn_q"] * c.head_dim ** -0.5,
                                              weight["attn_k"]]))
        queries_keys = rotate(queries_keys.view(batch, time, -1, c.head_dim), table)
        q, k = queries_keys.transpose(1, 2).split([c.heads, c.kv_heads], 1)
        k = k.reshape(batch * c.kv_heads, time, c.head_dim)
        v = F.linear(h, weight["attn_v"]).view(batch, time, c.kv_heads, c.head_dim)
        v = v.transpose(1, 2).reshape(batch * c.kv_heads, time, c.head_dim)
        y = attention(q, k, v).transpose(1, 2).reshape(batch * time, -1)
        x = x + F.linear(y, weight["attn_output"])
        h = RMSNorm.apply(x, params[f"blk.{layer}.ffn_norm.weight"], c.eps)
        h = SwiGLU.apply(F.linear(h, weight["ffn_gate"]), F.linear(h, weight["ffn_up"]))
        x = x + F.linear(h, weight["ffn_down"])
    return RMSNorm.apply(x, params["output_norm.weight"], c.eps)


def loss(params, config: Config, tokens, targets) -> torch.Tensor:
    hidden = hidden_states(params, config, tokens)
    return HeadLoss.apply(hidden, params["token_embd.weight"].bfloat16(), targets.reshape(-1))
