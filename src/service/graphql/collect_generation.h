// A generation read to its end, for answers that are sent whole and are part of something else.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "service/backend.h"

namespace sixfold::service::graphql {

struct CollectedText {
  std::string text;
  engine::FinishReason finish = engine::FinishReason::kNone;
  engine::RequestUsage usage;
};

// `done` is called once, at once or from the engine's thread, where it must not wait.  When `stop` asks for an end the
// generation is cancelled, which ends with an error.  Of requests with one choice.
void collect_generation(std::shared_ptr<Generation> generation, const std::stop_token& stop, Done<CollectedText> done);

}  // namespace sixfold::service::graphql
