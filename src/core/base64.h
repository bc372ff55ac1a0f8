// Base64 with padding (RFC 4648, section 4), as Basic credentials, registries' files and tokenizers use it.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace sixfold {

std::string base64(std::string_view bytes);

// Nothing for text that is not whole Base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace sixfold
