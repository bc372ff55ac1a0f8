// sixfold embed: texts to vectors, or how alike they are.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "cli/encoder_model.h"
#include "cli/engine_flags.h"
#include "cli/model_options.h"
#include "cli/read_texts.h"
#include "cli/verb.h"
#include "service/json.h"

namespace sixfold::cli {
namespace {

struct EmbedFlags {
  ModelOptions model;
  std::vector<std::string> texts;
  std::string file;
  std::string pooling;
  std::size_t dimensions = 0;
  bool truncates = false;
  bool compares = false;
  bool is_json = false;
};

// Vectors of length 1: their products are the cosines of the angles between them.
std::vector<std::vector<float>> cosines_of(const std::vector<std::vector<float>>& vectors) {
  std::vector<std::vector<float>> rows;
  for (const auto& a : vectors) {
    rows.emplace_back();
    for (const auto& b : vectors) rows.back().push_back(std::inner_product(a.begin(), a.end(), b.begin(), 0.0F));
  }
  return rows;
}

// Each number in the shortest text that gives the same float.
void append_vector(std::string& out, const std::vector<float>& vector) {
  out += '[';
  for (std::size_t i = 0; i < vector.size(); ++i) {
    if (i > 0) out += ',';
    service::append_json_number(out, vector[i]);
  }
  out += ']';
}

void print_json(const EmbedFlags& flags, const std::vector<std::string>& texts, const service::Embeddings& made) {
  std::string out = R"({"texts":[)";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    out += i > 0 ? R"(,{"text":)" : R"({"text":)";
    service::append_json_string(out, texts[i]);
    out += R"(,"vector":)";
    append_vector(out, made.vectors[i]);
    out += '}';
  }
  out += R"(],"tokens":)";
  service::append_json_integer(out, made.tokens);
  if (flags.compares) {
    const std::vector<std::vector<float>> cosines = cosines_of(made.vectors);
    out += R"(,"cosines":[)";
    for (std::size_t i = 0; i < cosines.size(); ++i) {
      if (i > 0) out += ',';
      append_vector(out, cosines[i]);
    }
    out += ']';
  }
  fmt::print("{}}}\n", out);
}

void print_cosines(const std::vector<std::string>& texts, const std::vector<std::vector<float>>& vectors) {
  const std::vector<std::vector<float>> cosines = cosines_of(vectors);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (const float cosine : cosines[i]) fmt::print("{:7.3f}", cosine);
    fmt::print("  {}\n", texts[i]);
  }
}

Status embed(const EmbedFlags& flags) {
  SIXFOLD_TRY(const std::vector<std::string> texts, collect_texts(flags.texts, flags.file));
  SIXFOLD_TRY(formats::Checkpoint checkpoint, open_model(flags.model));
  SIXFOLD_TRY(const EncoderService opened,
              open_encoder(std::move(checkpoint), flags.model, {.pooling = flags.pooling}, nullptr));
  service::EmbedRequest request;
  request.texts.assign(texts.begin(), texts.end());
  request.dimensions = flags.dimensions;
  request.truncates = flags.truncates;
  SIXFOLD_TRY(const service::Embeddings made, wait_for<service::Embeddings>([&](auto done) {
                return opened.backend->embed(std::move(request), std::move(done));
              }));
  if (flags.is_json) {
    print_json(flags, texts, made);
  } else if (flags.compares) {
    print_cosines(texts, made.vectors);
  } else {
    for (const auto& vector : made.vectors) {
      std::string out;
      append_vector(out, vector);
      fmt::print("{}\n", out);
    }
  }
  return ok();
}

}  // namespace

VerbAction add_embed(CLI::App& program) {
  auto flags = std::make_shared<EmbedFlags>();
  CLI::App* verb = program.add_subcommand("embed", "Print the vectors of texts, or how alike the texts are");
  verb->add_option("model", flags->model.source, "Model file: an encoder, or a decoder made for embeddings")
      ->required();
  verb->add_option("text", flags->texts, "Texts");
  verb->add_option("-f,--file", flags->file, "One text a line; \"-\" reads standard input");
  verb->add_option("--dimensions", flags->dimensions, "Only the first so many numbers; 0 = all")->capture_default_str();
  verb->add_flag("--truncate", flags->truncates, "Cut a text that is too long, instead of refusing it");
  verb->add_flag("--compare", flags->compares, "Print the cosine of every pair of texts: 1 = the same direction");
  verb->add_flag("--json", flags->is_json, "One JSON object, for machines");
  add_pooling_flag(*verb, flags->pooling);
  add_model_flags(*verb, flags->model);
  verb->footer(
      "Examples:\n  sixfold embed model.gguf \"A cat sat on the mat.\"\n"
      "  sixfold embed model.gguf --compare \"A cat sat.\" \"A feline rested.\" \"It rains.\"\n"
      "  sixfold embed model.gguf --file lines.txt --json");
  return [flags] { return embed(*flags); };
}

}  // namespace sixfold::cli
