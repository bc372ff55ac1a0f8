// POST /v1/rerank: documents, ordered by their relevance to a query.  Field names that Jina's and Cohere's APIs share;
// "raw_scores" and "truncate" as in Hugging Face's text-embeddings-inference.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/later_answer.h"
#include "service/limits.h"
#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

// A string, or an object with a "text".
std::vector<std::string> read_documents(FieldReader& reader) {
  constexpr std::string_view kWant = "strings, or objects with a \"text\"";
  std::vector<std::string> documents;
  const json::array* array = reader.array("documents");
  if (array == nullptr || array->empty() || array->size() > limits::kTextsMax) {
    reader.refuse("documents", fmt::format("want an array of 1 to {} documents", limits::kTextsMax));
    return documents;
  }
  for (const json::value& item : *array) {
    const json::value* text = &item;
    if (item.is_object()) text = item.get_object().if_contains("text");
    if (text == nullptr || !text->is_string()) {
      reader.refuse("documents", kWant, item);
      return documents;
    }
    documents.emplace_back(text->get_string().data(), text->get_string().size());
  }
  return documents;
}

struct RerankAnswer {
  std::string model;
  std::vector<std::string> documents = {};  // to be returned with the results; or empty
  std::size_t results = 0;
  bool is_raw = false;
};

std::string rerank_body(const Scores& scores, const RerankAnswer& answer) {
  std::vector<std::size_t> order(scores.scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores.scores[a].front() > scores.scores[b].front(); });
  order.resize(std::min(order.size(), answer.results));
  std::string out = R"({"model":)";
  append_json_string(out, answer.model);
  out += R"(,"results":[)";
  for (std::size_t place = 0; place < order.size(); ++place) {
    const std::size_t index = order[place];
    const float score = scores.scores[index].front();
    if (place > 0) out += ',';
    out += R"({"index":)";
    append_json_integer(out, index);
    out += R"(,"relevance_score":)";
    append_json_number(out, answer.is_raw ? score : 1 / (1 + std::exp(-score)));
    if (!answer.documents.empty()) {
      out += R"(,"document":{"text":)";
      append_json_string(out, answer.documents[index]);
      out += '}';
    }
    out += '}';
  }
  out += R"(],"usage":)";
  out += read_usage(scores.tokens);
  return out += '}';
}

}  // namespace

Result<std::vector<ScoredText>> pair_texts(const std::string& query, std::vector<std::string> documents) {
  if (query.size() * documents.size() > limits::kPairedQueryBytesMax) {
    return invalid_argument("want at most {} bytes for {} documents, got {}",
                            limits::kPairedQueryBytesMax / documents.size(), documents.size(), query.size());
  }
  std::vector<ScoredText> pairs;
  for (std::string& document : documents) pairs.push_back({query, std::move(document)});
  return pairs;
}

Parsed<RerankCall> parse_rerank(std::string_view body) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  check_fields(reader, {"model", "query", "documents", "top_n", "return_documents", "raw_scores", "truncate"},
               common_rules());
  RerankCall call;
  call.request.model = reader.text("model").value_or("");
  const auto query = reader.text("query");
  if (!query && reader.is_ok()) reader.refuse("query", "want a string, got none");
  auto pairs = pair_texts(std::string(query.value_or("")), read_documents(reader));
  if (pairs) {
    call.request.texts = *std::move(pairs);
  } else {
    reader.refuse("query", pairs.error().message);
  }
  call.results = static_cast<std::size_t>(
      reader.integer("top_n", 1, std::numeric_limits<std::int32_t>::max()).value_or(limits::kTextsMax));
  call.returns_documents = reader.boolean("return_documents").value_or(false);
  call.is_raw = reader.boolean("raw_scores").value_or(false);
  call.request.truncates = reader.boolean("truncate").value_or(true);
  if (!reader.is_ok()) return *reader.refusal();
  return call;
}

void rerank(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  auto parsed = parse_rerank(request.body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kOpenAi, *refusal));
    return;
  }
  auto& call = std::get<RerankCall>(parsed);
  const BackendDescription description = state.backend.describe();
  if (description.classes.size() > 1) {
    const Error error = invalid_argument("the model \"{}\" scores {} classes; a reranker has one", description.model,
                                         description.classes.size());
    writer->send(error_response(Dialect::kOpenAi, Refusal{error, "model", {}}));
    return;
  }
  call.request.id = request.id;
  call.request.stop = stop_when_gone(*writer);
  RerankAnswer answer{.model = description.model, .results = call.results, .is_raw = call.is_raw};
  if (call.returns_documents) {
    for (const ScoredText& text : call.request.texts) answer.documents.push_back(*text.second);
  }
  const auto body_of = [answer = std::move(answer)](const Scores& scores) { return rerank_body(scores, answer); };
  const Status accepted =
      state.backend.score(std::move(call.request), answer_later<Scores>(writer, "documents", body_of));
  send_refusal(*writer, accepted, "documents");
}

}  // namespace sixfold::service
