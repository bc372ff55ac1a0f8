// An ONNX model as a TensorModel.
#pragma once
#include <memory>
#include <string>

#include "core/result.h"
#include "onnx/session.h"
#include "service/tensors.h"

namespace sixfold::service {

std::unique_ptr<TensorModel> make_onnx_model(std::unique_ptr<onnx::Session> session);

}  // namespace sixfold::service
