// Bounds on everything that grows with input.  One place, so that a reader sees what a hostile peer can cost.
#pragma once
#include <cstddef>
#include <cstdint>

namespace sixfold::limits {

// Files.
inline constexpr std::uint64_t kGgufMetadataEntriesMax = 1 << 16;
inline constexpr std::uint64_t kGgufTensorsMax = 1 << 16;
inline constexpr std::uint64_t kGgufStringBytesMax = 64ull << 20;
inline constexpr std::uint64_t kSafetensorsTensorsMax = 1 << 17;  // of one file
inline constexpr std::size_t kWeightFilesMax = 1024;              // of one model
inline constexpr std::uint64_t kTokenizerFileBytesMax = 64ull << 20;
inline constexpr std::size_t kTensorRankMax = 4;

// Model shapes: larger than any published model, small enough that products of two fit 64 bits with room.
inline constexpr std::uint64_t kVocabularyMax = 4u << 20;
inline constexpr std::uint64_t kLayersMax = 1024;
inline constexpr std::uint64_t kWidthMax = 1u << 20;     // elements in any one dimension of a layer
inline constexpr std::uint64_t kContextMax = 16u << 20;  // tokens
inline constexpr std::uint64_t kAdapterRankMax = 4096;

// Engine.
inline constexpr std::size_t kMailboxMax = 1024;     // requests waiting for the engine thread
inline constexpr std::size_t kTokenStreamMax = 256;  // events of one request which nobody has read yet
inline constexpr std::size_t kChoicesMax = 128;      // n of one request
inline constexpr std::size_t kStopStringsMax = 16;
inline constexpr std::size_t kStopStringBytesMax = 1024;
inline constexpr std::size_t kTextsMax = 2048;   // of one request for embeddings or scores
inline constexpr std::size_t kLogprobsMax = 20;  // alternatives reported per token
inline constexpr std::size_t kLogitBiasMax = 1024;
inline constexpr std::size_t kAdaptersMax = 256;  // of one model, at a time

// Tokenizer.
inline constexpr std::size_t kTokenizeBytesMax = 64u << 20;
inline constexpr std::size_t kSpecialTokenBytesMax = 512;       // published ones have less than 100
inline constexpr std::size_t kNormalizedBytesMax = 256u << 20;  // of a text, between the stages of tokenizer.json
inline constexpr std::size_t kTokenizerStagesMax = 64;          // in one sequence of tokenizer.json

// Server defaults; flags change them.
inline constexpr std::size_t kHttpHeaderBytesMax = 32u << 10;
inline constexpr std::size_t kHttpBodyBytesMax = 8u << 20;
inline constexpr std::size_t kHttpConnectionsMax = 4096;
inline constexpr int kHttpIdleTimeoutMs = 75'000;
inline constexpr int kHttpHeaderTimeoutMs = 15'000;
inline constexpr int kHttpBodyTimeoutMs = 60'000;
inline constexpr int kHttpWriteTimeoutMs = 60'000;
inline constexpr std::size_t kJsonDepthMax = 64;

// Client.
inline constexpr std::size_t kClientHeadBytesMax = 64u << 10;
inline constexpr std::size_t kClientErrorBodyBytesMax = 64u << 10;
inline constexpr int kClientRedirectsMax = 10;
inline constexpr int kClientConnectTimeoutMs = 15'000;
inline constexpr int kClientStallTimeoutMs = 60'000;

// Getting models.
inline constexpr std::size_t kListingBytesMax = 32u << 20;  // one page of a registry's answer
inline constexpr std::size_t kArtifactFilesMax = 4096;
inline constexpr std::size_t kArtifactPathBytesMax = 512;
inline constexpr std::uint64_t kArtifactFileBytesMax = std::uint64_t{4} << 40;
inline constexpr std::size_t kStoreRecordBytesMax = 8u << 20;  // of one model's names, sizes and hashes

}  // namespace sixfold::limits
