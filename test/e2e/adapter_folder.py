"""LoRA adapters of the built-in model, with random numbers, as PEFT saves them."""
import json
import os
import random
import struct

# Of the built-in model: models/README.md.
LAYERS, WIDTH, KEYS, FEED_FORWARD = 6, 256, 128, 704
MODULES = {
    "self_attn.q_proj": (WIDTH, WIDTH),
    "self_attn.v_proj": (KEYS, WIDTH),
    "mlp.gate_proj": (FEED_FORWARD, WIDTH),
    "mlp.down_proj": (WIDTH, FEED_FORWARD),
}


def write_adapter(folder, seed, rank=4, alpha=16, width=WIDTH):
    """Makes the folder.  A width other than the model's makes an adapter of another model."""
    os.makedirs(folder)
    numbers = random.Random(seed)
    header, data = {}, bytearray()
    for layer in range(LAYERS):
        for module, (outputs, inputs) in MODULES.items():
            inputs = width if inputs == WIDTH else inputs
            for part, shape in (("lora_A", (rank, inputs)), ("lora_B", (outputs, rank))):
                values = [numbers.uniform(-0.1, 0.1) for _ in range(shape[0] * shape[1])]
                begin = len(data)
                data += struct.pack(f"<{len(values)}f", *values)
                header[f"base_model.model.model.layers.{layer}.{module}.{part}.weight"] = {
                    "dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    with open(os.path.join(folder, "adapter_model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
    with open(os.path.join(folder, "adapter_config.json"), "w", encoding="utf-8") as file:
        json.dump({"peft_type": "LORA", "r": rank, "lora_alpha": alpha, "bias": "none",
                   "target_modules": list(MODULES)}, file)
    return folder
