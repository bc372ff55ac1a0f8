// BERT and its descendants.
#include "formats/huggingface/config_encoders.h"

#include <algorithm>

#include "core/limits.h"
#include "formats/checkpoint_builder.h"
#include "formats/huggingface/config_shape.h"

namespace sixfold::formats::huggingface {
namespace {

// Of the model class that wrote the folder: what comes behind the encoder.
Status read_head(const ConfigReader& config, ModelFacts& facts) {
  if (!config.has("architectures")) return ok();
  SIXFOLD_TRY(const auto classes, config.texts("architectures"));
  for (const std::string_view name : classes) {
    if (name.ends_with("ForSequenceClassification")) facts.has_classifier = true;
    for (const std::string_view other : {"ForTokenClassification", "ForQuestionAnswering", "ForMultipleChoice"}) {
      if (name.ends_with(other)) return config.unsupported("architectures", "{} is not supported", shown_text(name));
    }
  }
  return ok();
}

// The names of the classes, in the order of the classifier's outputs.
Status add_labels(const ConfigReader& config, ModelFacts& facts) {
  SIXFOLD_TRY(const auto names, config.object("id2label"));
  if (!facts.has_classifier || !names) return ok();
  StringArray labels;
  const json::object& entries = config.find("id2label")->get_object();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    SIXFOLD_TRY(const std::string_view label, names->text(std::to_string(i)));
    labels.push_back(label);
  }
  facts.add("classifier.output_labels", std::move(labels));
  return ok();
}

Status check_activation(const ConfigReader& config) {
  SIXFOLD_TRY(const std::string_view name, config.text_or("hidden_act", "gelu"));
  if (name == "gelu") return ok();
  return config.unsupported("hidden_act", "{} is not supported, want \"gelu\"", shown_text(name));
}

// What all encoders say in numbers.
Status read_body(const ConfigReader& config, const ShapeFields& fields, std::string_view epsilon_field,
                 ModelFacts& facts) {
  SIXFOLD_TRY(const Shape shape, read_shape(config, fields, facts));
  SIXFOLD_TRY(facts.token_types, config.count_or("type_vocab_size", limits::kWidthMax, 2));
  SIXFOLD_TRY(const double epsilon, config.number_or(epsilon_field, 1e-12));
  facts.add("context_length", shape.context);
  facts.add("attention.layer_norm_epsilon", epsilon);
  facts.add("attention.causal", false);
  return ok();
}

}  // namespace

Result<ModelFacts> read_bert(const ConfigReader& config) {
  SIXFOLD_TRY_STATUS(check_activation(config));
  SIXFOLD_TRY(const std::string_view positions, config.text_or("position_embedding_type", "absolute"));
  if (positions != "absolute") {
    return config.unsupported("position_embedding_type", "{} is not supported, want \"absolute\"",
                              shown_text(positions));
  }
  SIXFOLD_TRY_STATUS(config.expect("is_decoder", false, false));
  ModelFacts facts;
  SIXFOLD_TRY_STATUS(read_body(config, {}, "layer_norm_eps", facts));
  SIXFOLD_TRY_STATUS(read_head(config, facts));
  SIXFOLD_TRY_STATUS(add_labels(config, facts));
  return facts;
}

// Positions count from behind the padding token's id; GGUF leaves the rows before that out.
Result<ModelFacts> read_roberta(const ConfigReader& config) {
  SIXFOLD_TRY(ModelFacts facts, read_bert(config));
  SIXFOLD_TRY(const double padding, config.number_or("pad_token_id", 1));
  if (!(padding >= 0 && padding < static_cast<double>(limits::kVocabularyMax))) {
    return config.wrong("pad_token_id", "a token id");
  }
  facts.padding_rows = static_cast<std::uint64_t>(padding) + 1;
  for (MetadataEntry& entry : facts.metadata) {
    if (entry.key != "context_length") continue;
    auto& context = std::get<std::uint64_t>(entry.value);
    if (context <= facts.padding_rows) {
      return config.wrong("max_position_embeddings", fmt::format("more than {} positions", facts.padding_rows));
    }
    context -= facts.padding_rows;
  }
  return facts;
}

// Names from GPT-2, whose configuration it extends.
Result<ModelFacts> read_nomic_bert(const ConfigReader& config) {
  SIXFOLD_TRY(const std::string_view activation, config.text_or("activation_function", "swiglu"));
  if (activation != "swiglu") {
    return config.unsupported("activation_function", "{} is not supported, want \"swiglu\"", shown_text(activation));
  }
  SIXFOLD_TRY_STATUS(config.expect("prenorm", false, false));
  SIXFOLD_TRY_STATUS(config.expect("rotary_emb_interleaved", false, false));
  SIXFOLD_TRY_STATUS(config.expect("qkv_proj_bias", false, false));
  ModelFacts facts;
  SIXFOLD_TRY_STATUS(read_body(config, kGpt2Fields, "layer_norm_epsilon", facts));
  SIXFOLD_TRY(const double base, config.number_or("rotary_emb_base", 10000));
  facts.add("rope.freq_base", base);
  return facts;
}

}  // namespace sixfold::formats::huggingface
