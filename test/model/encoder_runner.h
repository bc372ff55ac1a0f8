// Runs an encoder for tests.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/encoder.h"
#include "model_runner.h"

namespace sixfold::test {

inline std::unique_ptr<model::Encoder> encoder_of(formats::Checkpoint checkpoint, std::size_t rows_max = 256) {
  auto loaded = model::load_encoder(std::move(checkpoint), shared_pool(), {.rows_max = rows_max});
  if (!loaded.is_ok()) {
    ADD_FAILURE() << loaded.error().message;
    return nullptr;
  }
  return std::move(loaded).value();
}

inline std::unique_ptr<model::Encoder> load_encoder_file(const std::string& path) {
  auto checkpoint = formats::open_checkpoint(path);
  if (!checkpoint.is_ok()) {
    ADD_FAILURE() << checkpoint.error().message;
    return nullptr;
  }
  return encoder_of(std::move(checkpoint).value());
}

inline std::vector<float> encode(model::Encoder& encoder, std::span<const model::EncoderText> texts,
                                 model::EncoderOutput output) {
  std::size_t size = 0;
  for (const model::EncoderText& text : texts) {
    size += model::output_size(encoder.description(), output, text.tokens.size());
  }
  std::vector<float> out(size);
  const Status status = encoder.encode(texts, output, out);
  if (!status.is_ok()) ADD_FAILURE() << status.error().message;
  return out;
}

inline std::vector<float> encode_all(model::Encoder& encoder, const std::vector<std::vector<TokenId>>& texts,
                                     model::EncoderOutput output) {
  std::vector<model::EncoderText> views;
  for (const auto& text : texts) views.push_back({.tokens = text});
  return encode(encoder, views, output);
}

inline std::vector<float> encode_one(model::Encoder& encoder, std::span<const TokenId> text,
                                     model::EncoderOutput output) {
  const model::EncoderText view{.tokens = text};
  return encode(encoder, {&view, 1}, output);
}

}  // namespace sixfold::test
