"""Write the trained weights and the tokenizer as a GGUF file.

    python3 export_gguf.py --work WORK --out sixfold-tiny.gguf [--type f32]
"""

import argparse
import os

import torch

import bpe
import gguf_file as gguf
import model


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", required=True, help="folder with tokenizer.json and model.pt")
    parser.add_argument("--weights", default="model.pt", help="file of weights in that folder")
    parser.add_argument("--out", required=True)
    parser.add_argument("--type", choices=["q8_0", "f32"], default="q8_0",
                        help="type of the matrices; the norms are always f32")
    args = parser.parse_args()

    tokenizer = bpe.Tokenizer.load(os.path.join(args.work, "tokenizer.json"))
    saved = torch.load(os.path.join(args.work, args.weights), map_location="cpu")
    config = model.Config(*saved["config"])

    out = gguf.Writer()
    out.add("general.architecture", gguf.STRING, "llama")
    out.add("general.name", gguf.STRING, "sixfold tiny")
    out.add("general.license", gguf.STRING, "apache-2.0")
    out.add("general.description", gguf.STRING,
            "A tiny language model for trying out and testing sixfold, trained from scratch "
            "on public-domain English books.")
    out.add("general.quantization_version", gguf.UINT32, 2)
    out.add("general.file_type", gguf.UINT32, 7 if args.type == "q8_0" else 0)
    out.add("llama.vocab_size", gguf.UINT32, config.vocab)
    out.add("llama.context_length", gguf.UINT32, config.context)
    out.add("llama.embedding_length", gguf.UINT32, config.dim)
    out.add("llama.block_count", gguf.UINT32, config.layers)
    out.add("llama.feed_forward_length", gguf.UINT32, config.ffn)
    out.add("llama.attention.head_count", gguf.UINT32, config.heads)
    out.add("llama.attention.head_count_kv", gguf.UINT32, config.kv_heads)
    out.add("llama.attention.layer_norm_rms_epsilon", gguf.FLOAT32, config.eps)
    out.add("llama.rope.dimension_count", gguf.UINT32, config.head_dim)
    out.add("llama.rope.freq_base", gguf.FLOAT32, config.rope_base)
    out.add("tokenizer.ggml.model", gguf.STRING, "gpt2")
    out.add("tokenizer.ggml.pre", gguf.STRING, "gpt-2")
    out.add_array("tokenizer.ggml.tokens", gguf.STRING, tokenizer.tokens)
    kinds = [3 if token == bpe.END_OF_TEXT else 1 for token in tokenizer.tokens]
    out.add_array("tokenizer.ggml.token_type", gguf.INT32, kinds)
    out.add_array("tokenizer.ggml.merges", gguf.STRING,
                  [f"{left} {right}" for left, right in tokenizer.merges])
    out.add("tokenizer.ggml.bos_token_id", gguf.UINT32, tokenizer.end_of_text)
    out.add("tokenizer.ggml.eos_token_id", gguf.UINT32, tokenizer.end_of_text)
    out.add("tokenizer.ggml.add_bos_token", gguf.BOOL, True)
    out.add("tokenizer.ggml.add_eos_token", gguf.BOOL, False)

    for name, value in saved["params"].items():
        matrix = value.dim() == 2 and args.type == "q8_0"
        out.add_tensor(name, value.float().numpy(), gguf.Q8_0 if matrix else gguf.F32)
    out.write(args.out)
    print(f"{args.out}: {os.path.getsize(args.out)} bytes, trained for {saved['step']} steps "
          f"on {saved['seen']} tokens")


if __name__ == "__main__":
    main()
