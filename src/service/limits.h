// Bounds on what requests may carry and the server keeps; here because no module below needs them.
#pragma once
#include <cstddef>
#include <cstdint>

#include "core/limits.h"

namespace sixfold::limits {

inline constexpr std::size_t kToolsMax = 256;                   // of one request
inline constexpr std::size_t kToolNameBytesMax = 128;           // OpenAI allows 64, Anthropic 128
inline constexpr std::size_t kPairedQueryBytesMax = 16u << 20;  // of a query, once for each of its documents
inline constexpr std::size_t kStoredResponsesMax = 4096;
inline constexpr std::size_t kStoredResponseBytesMax = 64u << 20;  // of all together
inline constexpr std::int64_t kStoredResponseSeconds = 24 * 3600;
inline constexpr std::size_t kBackgroundRunsMax = 64;  // answers that nobody waits for, at one time

}  // namespace sixfold::limits
