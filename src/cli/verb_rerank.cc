// sixfold rerank: documents, ordered by their relevance to a query.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "cli/encoder_model.h"
#include "cli/model_options.h"
#include "cli/read_texts.h"
#include "cli/verb.h"
#include "core/error.h"

namespace sixfold::cli {
namespace {

struct RerankFlags {
  ModelOptions model;
  std::string query;
  std::vector<std::string> documents;
  std::string file;
  bool is_raw = false;
  bool is_json = false;
};

struct Ranked {
  std::size_t index = 0;  // as given
  double score = 0;
};

std::vector<Ranked> ranked_by(const service::Scores& scores, bool is_raw) {
  std::vector<Ranked> ranked;
  for (const std::vector<float>& of_document : scores.scores) {
    const auto score = static_cast<double>(of_document.front());
    ranked.push_back({ranked.size(), is_raw ? score : 1 / (1 + std::exp(-score))});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
  return ranked;
}

void print_json(const std::vector<Ranked>& ranked, const std::vector<std::string>& documents) {
  boost::json::array results;
  for (const Ranked& row : ranked) {
    results.push_back(
        boost::json::object{{"index", row.index}, {"score", row.score}, {"document", documents[row.index]}});
  }
  fmt::print("{}\n", boost::json::serialize(boost::json::object{{"results", std::move(results)}}));
}

Status rerank(const RerankFlags& flags) {
  SIXFOLD_TRY(const std::vector<std::string> documents, collect_texts(flags.documents, flags.file));
  SIXFOLD_TRY(formats::Checkpoint checkpoint, open_model(flags.model));
  SIXFOLD_TRY(const EncoderService opened, open_encoder(std::move(checkpoint), flags.model, {}, nullptr));
  if (const std::size_t classes = opened.backend->describe().classes.size(); classes > 1) {
    return invalid_argument("{}: scores {} classes; a reranker has one", flags.model.source, classes);
  }
  service::ScoreRequest request;
  for (const std::string& document : documents) request.texts.push_back({flags.query, document});
  SIXFOLD_TRY(const service::Scores scores, wait_for<service::Scores>([&](auto done) {
                return opened.backend->score(std::move(request), std::move(done));
              }));
  const std::vector<Ranked> ranked = ranked_by(scores, flags.is_raw);
  if (flags.is_json) {
    print_json(ranked, documents);
  } else {
    for (const Ranked& row : ranked) fmt::print("{:9.4f}  {}\n", row.score, documents[row.index]);
  }
  return ok();
}

}  // namespace

VerbAction add_rerank(CLI::App& program) {
  auto flags = std::make_shared<RerankFlags>();
  CLI::App* verb = program.add_subcommand("rerank", "Order documents by their relevance to a query");
  verb->add_option("model", flags->model.source, "Model file: a cross-encoder with one score")->required();
  verb->add_option("document", flags->documents, "Documents");
  verb->add_option("-q,--query", flags->query, "What the documents are to be relevant to")->required();
  verb->add_option("-f,--file", flags->file, "One document a line; \"-\" reads standard input");
  verb->add_flag("--raw", flags->is_raw, "Scores as the model gives them, not as probabilities");
  verb->add_flag("--json", flags->is_json, "One JSON object, for machines");
  add_model_flags(*verb, flags->model);
  verb->footer(
      "Examples:\n  sixfold rerank model.gguf --query \"Where is the cat?\" \"It rains.\" \"The cat is here.\"\n"
      "  sixfold rerank model.gguf --query \"cats\" --file documents.txt --json");
  return [flags] { return rerank(*flags); };
}

}  // namespace sixfold::cli
