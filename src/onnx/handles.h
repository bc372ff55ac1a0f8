// Owners for what ONNX Runtime hands out, and its statuses as ours.
#pragma once
#include <memory>

#include "core/error.h"
#include "onnx/ort_api.h"

namespace sixfold::onnx {

template <class T>
struct Release {
  void (*function)(T*) = nullptr;
  void operator()(T* object) const { function(object); }
};
template <class T>
using Handle = std::unique_ptr<T, Release<T>>;

template <class T>
Handle<T> own(T* object, void (*release)(T*)) {
  return Handle<T>(object, Release<T>{release});
}

// Takes the status.  code: of the error, if it is one.
inline Status take_status(const OrtApi& api, OrtStatus* status, ErrorCode code = ErrorCode::kInternal) {
  if (status == nullptr) return ok();
  Error error{code, api.get_error_message(status)};
  api.release_status(status);
  // A message is one line.
  for (char& letter : error.message) {
    if (letter == '\n' || letter == '\r') letter = ' ';
  }
  while (error.message.ends_with(' ')) error.message.pop_back();
  return error;
}

}  // namespace sixfold::onnx
