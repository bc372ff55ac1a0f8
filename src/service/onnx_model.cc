// Nothing but names: onnx::Session checks and computes.
#include "service/onnx_model.h"

#include <utility>

namespace sixfold::service {
namespace {

class OnnxModel final : public TensorModel {
 public:
  explicit OnnxModel(std::unique_ptr<onnx::Session> session)
      : session_(std::move(session)),
        signature_{session_->inputs(), session_->outputs(), "ONNX Runtime " + session_->library().version()} {}

  const TensorSignature& signature() const override { return signature_; }
  Result<std::vector<HostTensor>> run(const std::vector<HostTensor>& inputs,
                                      const std::vector<std::string>& outputs) const override {
    return session_->run(inputs, outputs);
  }

 private:
  const std::unique_ptr<onnx::Session> session_;
  const TensorSignature signature_;
};

}  // namespace

std::unique_ptr<TensorModel> make_onnx_model(std::unique_ptr<onnx::Session> session) {
  return std::make_unique<OnnxModel>(std::move(session));
}

}  // namespace sixfold::service
