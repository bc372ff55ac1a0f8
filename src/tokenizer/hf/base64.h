// Base64 as RFC 4648 defines it.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace sixfold::tokenizer::hf {

// Nothing for text that is not base64 with its padding.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace sixfold::tokenizer::hf
