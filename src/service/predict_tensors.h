// POST /predict of models of tensors: rows in and predictions out, or whole tensors in and outputs out.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "service/endpoints.h"
#include "service/json.h"
#include "service/tensors.h"

namespace sixfold::service {

struct PredictCall {
  TensorRequest request;
  // Of "input", "features" and "instances": the answer is a list of so many predictions.  0: of "inputs", the answer
  // is whole tensors.
  std::size_t rows = 0;
  bool has_rows = false;  // the first dimension of what comes out counts them
};

Parsed<PredictCall> parse_predict_tensors(std::string_view body, const TensorSignature& signature);

// The body of the answer.
std::string predict_tensors_body(const PredictCall& call, const TensorAnswer& answer, std::string_view model);

void predict_tensors(ServiceState& state, const net::HttpRequest& request, Writer writer,
                     const BackendDescription& description);

// Schemas for the OpenAPI document, with an example that the model accepts, and /predict's answer.
json::object predict_request_schema(const TensorSignature& signature);
json::object predict_answer_schema(const TensorSignature& signature);

}  // namespace sixfold::service
