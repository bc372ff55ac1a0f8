"""A small reader and writer of GGUF version 3 files with F32 and Q8_0 tensors."""

import struct
from typing import Any, Dict, List, Tuple

import numpy as np

ALIGNMENT = 32
F32, Q8_0 = 0, 8
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY, UINT64 = 4, 5, 6, 7, 8, 9, 10
FORMATS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", UINT32: "<I", INT32: "<i", FLOAT32: "<f",
           BOOL: "<?", UINT64: "<Q", 11: "<q", 12: "<d"}


def quantize_q8_0(values: np.ndarray) -> np.ndarray:
    """Blocks of 32 values become a float16 scale and 32 signed bytes."""
    blocks = values.astype(np.float32).reshape(-1, 32)
    scale = np.abs(blocks).max(1, keepdims=True) / np.float32(127)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)
    scaled = blocks * inverse
    # Round to nearest, and halves away from zero.
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))
    out = np.empty((len(blocks), 34), dtype=np.uint8)
    out[:, :2] = scale.astype("<f2").view(np.uint8)
    out[:, 2:] = rounded.astype(np.int8).view(np.uint8)
    return out.reshape(-1)


def dequantize_q8_0(data: np.ndarray) -> np.ndarray:
    blocks = data.reshape(-1, 34)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    return (scale * blocks[:, 2:].view(np.int8).astype(np.float32)).reshape(-1)


class Writer:
    """Collects metadata and tensors, then writes them in one go."""

    def __init__(self):
        self.metadata: List[bytes] = []
        self.tensors: List[Tuple[str, Tuple[int, ...], int, bytes]] = []

    @staticmethod
    def string(text: str) -> bytes:
        raw = text.encode("utf-8")
        return struct.pack("<Q", len(raw)) + raw

    @classmethod
    def value(cls, kind: int, value: Any) -> bytes:
        return cls.string(value) if kind == STRING else struct.pack(FORMATS[kind], value)

    def add(self, key: str, kind: int, value: Any) -> None:
        self.metadata.append(
            self.string(key) + struct.pack("<I", kind) + self.value(kind, value))

    def add_array(self, key: str, kind: int, values: List[Any]) -> None:
        head = struct.pack("<IIQ", ARRAY, kind, len(values))
        self.metadata.append(
            self.string(key) + head + b"".join(self.value(kind, value) for value in values))

    def add_tensor(self, name: str, values: np.ndarray, kind: int) -> None:
        if kind == Q8_0:
            data = quantize_q8_0(values).tobytes()
        else:
            data = values.astype("<f4").tobytes()
        self.tensors.append((name, values.shape, kind, data))

    def write(self, path: str) -> None:
        header = b"GGUF" + struct.pack("<IQQ", 3, len(self.tensors), len(self.metadata))
        header += b"".join(self.metadata)
        offset = 0
        for name, shape, kind, data in self.tensors:
            # GGUF lists the dimensions with the row length first.
            dims = tuple(reversed(shape))
            header += self.string(name) + struct.pack("<I", len(dims))
            header += struct.pack(f"<{len(dims)}Q", *dims) + struct.pack("<IQ", kind, offset)
            offset += -(-len(data) // ALIGNMENT) * ALIGNMENT
        with open(path, "wb") as handle:
            handle.write(header + bytes(-len(header) % ALIGNMENT))
            for _, _, _, data in self.tensors:
                handle.write(data + bytes(-len(data) % ALIGNMENT))


def read(path: str) -> Tuple[Dict[str, Any], Dict[str, np.ndarray]]:
    """Read a file written by `Writer`: its metadata, and its tensors as float32."""
    with open(path, "rb") as handle:
        raw = handle.read()
    position = 0

    def take(layout: str):
        nonlocal position
        values = struct.unpack_from(layout, raw, position)
        position += struct.calcsize(layout)
        return values if len(values) > 1 else values[0]

    def take_string() -> str:
        nonlocal position
        size = take("<Q")
        text = raw[position:position + size].decode("utf-8")
        position += size
        return text

    def take_value(kind: int):
        if kind == STRING:
            return take_string()
        if kind == ARRAY:
            inner, count = take("<IQ")
            return [take_value(inner) for _ in range(count)]
        return take(FORMATS[kind])

    if take("<4s") != b"GGUF" or take("<I") != 3:
        raise ValueError(f"{path} is not a GGUF file of version 3")
    tensor_count, metadata_count = take("<QQ")
    metadata = {}
    for _ in range(metadata_count):
        key = take_string()
        metadata[key] = take_value(take("<I"))
    infos = []
    for _ in range(tensor_count):
        name = take_string()
        dims = [take("<Q") for _ in range(take("<I"))]
        kind, offset = take("<IQ")
        infos.append((name, dims[::-1], kind, offset))
    start = -(-position // ALIGNMENT) * ALIGNMENT
    tensors = {}
    for name, shape, kind, offset in infos:
        if offset % ALIGNMENT:
            raise ValueError(f"{name} is not aligned")
        count = int(np.prod(shape))
        if kind == Q8_0:
            data = np.frombuffer(raw, np.uint8, count // 32 * 34, start + offset)
            values = dequantize_q8_0(data)
        elif kind == F32:
            values = np.frombuffer(raw, "<f4", count, start + offset)
        else:
            raise ValueError(f"{name} has the unknown type {kind}")
        tensors[name] = values.reshape(shape)
    return metadata, tensors
