// A LoRA adapter as PEFT saves it: adapter_config.json and adapter_model.safetensors.
#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "formats/checkpoint.h"

namespace sixfold::formats::huggingface {

inline constexpr std::string_view kPeftConfigName = "adapter_config.json";
inline constexpr std::string_view kPeftWeightsName = "adapter_model.safetensors";

// The folder that a path means: itself when it holds adapter_config.json, or the one around that file or
// adapter_model.safetensors.  Nothing for other paths.
std::optional<std::string> peft_folder_of(const std::string& path);

// As formats::open_adapter.
Result<Checkpoint> open_peft_folder(const std::string& folder, std::string_view architecture);

// The same of what the two files hold.  weights: must outlive the checkpoint.  folder: for messages.
Result<Checkpoint> read_peft(const boost::json::object& config, std::span<const std::byte> weights,
                             const std::string& folder, std::string_view architecture);

}  // namespace sixfold::formats::huggingface
