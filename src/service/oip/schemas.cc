// Of the Open Inference Protocol's bodies.
#include "service/schemas.h"

namespace sixfold::service {

std::string_view oip_schemas() {
  return R"json(
"OipServer": {"type": "object", "properties": {
  "name": {"type": "string"}, "version": {"type": "string"}, "extensions": {"type": "array"}}},
"OipHealth": {"type": "object", "properties": {
  "live": {"type": "boolean"}, "ready": {"type": "boolean"}, "name": {"type": "string"}}},
"OipModel": {"type": "object", "properties": {
  "name": {"type": "string"}, "versions": {"type": "array"}, "platform": {"type": "string"},
  "inputs": {"type": "array", "items": {"type": "object"}},
  "outputs": {"type": "array", "items": {"type": "object"}}}},
"OipTensor": {"type": "object", "required": ["name", "shape", "datatype", "data"], "properties": {
  "name": {"type": "string"}, "shape": {"type": "array", "items": {"type": "integer"}},
  "datatype": {"enum": ["BYTES", "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64",
                        "FP32", "FP64"]},
  "data": {"type": "array", "description": "Row-major: flat, or nested as the shape"}}},
"OipInferRequest": {"type": "object", "required": ["inputs"], "properties": {
  "id": {"type": "string"},
  "inputs": {"type": "array", "items": {"$ref": "#/components/schemas/OipTensor"}},
  "outputs": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
  "parameters": {"type": "object", "description": "max_tokens, temperature, seed ...; of encoders truncate, dimensions"}},
  "example": {"inputs": [{"name": "text_input", "shape": [1], "datatype": "BYTES", "data": ["Once upon a time"]}],
              "parameters": {"max_tokens": 40, "temperature": 0.7}}},
"OipInferAnswer": {"type": "object", "properties": {
  "model_name": {"type": "string"}, "model_version": {"type": "string"}, "id": {"type": "string"},
  "outputs": {"type": "array", "items": {"$ref": "#/components/schemas/OipTensor"}}}},
"OipGenerateRequest": {"type": "object", "required": ["text_input"], "properties": {
  "id": {"type": "string"}, "text_input": {"type": "string"},
  "parameters": {"type": "object", "description": "max_tokens, temperature, stop, details ..."}},
  "example": {"text_input": "Once upon a time", "parameters": {"max_tokens": 40, "temperature": 0.7}}},
"OipGenerateAnswer": {"type": "object", "properties": {
  "model_name": {"type": "string"}, "model_version": {"type": "string"}, "id": {"type": "string"},
  "text_output": {"type": "string"}, "details": {"type": "object"}}}
)json";
}

}  // namespace sixfold::service
