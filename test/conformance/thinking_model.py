"""The built-in model with a chat template of a family that thinks and calls functions, for tests of both.

The weights are as they are, so what it thinks is a story; where its thinking ends and what a call looks like, the server
decides.
"""
import pathlib
import struct

TEMPLATE = """\
{%- if tools %}Tools: {{ tools | tojson }}, called as <tool_call>
{"name": ..., "arguments": {...}}
</tool_call>
{% endif %}
{%- for message in messages %}{{ message.role }}: {{ message.content }}
{%- for call in message.tool_calls or [] %}<tool_call>
{{ {"name": call.function.name, "arguments": call.function.arguments} | tojson }}
</tool_call>{% endfor %}
{% endfor %}
{%- if add_generation_prompt %}assistant: <think>
{% if enable_thinking is defined and not enable_thinking %}
</think>

{% endif %}{% endif %}"""


def write_thinking_model(path):
    """Writes the model to the path.  Source of the format: GGUF's specification, version 3."""
    source = (pathlib.Path(__file__).parents[2] / "models" / "sixfold-tiny.gguf").read_bytes()
    magic, version, tensors, entries = struct.unpack_from("<4sIQQ", source)
    assert magic == b"GGUF" and version == 3, "the built-in model is GGUF, version 3"
    key = b"tokenizer.chat_template"
    text = TEMPLATE.encode()
    size = 8 + len(key) + 4 + 8 + len(text)
    # The tensors behind the entries keep their alignment when what is put before them is a multiple of it.
    comment = "{#" + "-" * ((-size - 4) % 32) + "#}"
    text = comment.encode() + text
    string = 8
    entry = struct.pack("<Q", len(key)) + key + struct.pack("<IQ", string, len(text)) + text
    head = struct.pack("<4sIQQ", magic, version, tensors, entries + 1)
    pathlib.Path(path).write_bytes(head + entry + source[len(head):])
