// The list of architectures that can be loaded.
#pragma once
#include <memory>
#include <span>
#include <string_view>

#include "core/result.h"
#include "model/decoder_traits.h"
#include "model/encoder.h"
#include "model/model.h"
#include "model/weight_reader.h"

namespace sixfold::model {

// Makes a model of a checkpoint.  description: what the file says of itself, with the architecture's name, which is the
// prefix of its keys; the rest is to be filled in.  May throw std::bad_alloc.
using LoadModel = Result<std::unique_ptr<Model>>(WeightReader& reader, const DecoderTraits& traits,
                                                 ModelDescription description, const LoadOptions& options);

struct Architecture {
  std::string_view name;  // GGUF's general.architecture
  LoadModel* load;
  DecoderTraits traits;
};

std::span<const Architecture> architectures();

LoadModel load_decoder;  // arch_decoder.cc

// The same for an encoder; description: with the classes' names and the output that the file asks for, too.
using LoadEncoder = Result<std::unique_ptr<Encoder>>(WeightReader& reader, const DecoderTraits& traits,
                                                     EncoderDescription description, const LoadOptions& options);

struct EncoderArchitecture {
  std::string_view name;
  LoadEncoder* load;
  DecoderTraits traits;
};

std::span<const EncoderArchitecture> encoder_architectures();

LoadEncoder load_bert;  // arch_bert.cc

}  // namespace sixfold::model
