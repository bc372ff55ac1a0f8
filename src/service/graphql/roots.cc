// Arguments to requests of the backend, and what it answers to the values of the schema's types.
#include "service/graphql/roots.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "service/graphql/collect_generation.h"
#include "service/openai_fields.h"
#include "service/probabilities.h"

namespace sixfold::service::graphql {
namespace {

// Enough for a paragraph or two when the query does not say.
constexpr std::size_t kTokensDefault = 256;

std::string text_of(const json::object& arguments, std::string_view name) {
  const json::value* value = arguments.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flag_of(const json::object& arguments, std::string_view name) {
  const json::value* value = arguments.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<std::int64_t> integer_of(const json::object& arguments, std::string_view name) {
  const json::value* value = arguments.if_contains({name.data(), name.size()});
  return value == nullptr ? std::nullopt : as_integer(*value);
}

Result<std::vector<std::string>> texts_of(const json::object& arguments, std::string_view name) {
  const json::array& items = arguments.at({name.data(), name.size()}).get_array();
  if (items.empty() || items.size() > limits::kTextsMax) {
    return invalid_argument("{}: want 1 to {} texts, got {}", name, limits::kTextsMax, items.size());
  }
  std::vector<std::string> texts;
  for (const json::value& item : items) texts.emplace_back(item.get_string());
  return texts;
}

json::array tensors_of(const std::vector<TensorSpec>& specs) {
  json::array out;
  for (const TensorSpec& spec : specs) {
    out.push_back(json::object{
        {"name", spec.name}, {"type", element_type_info(spec.type).name}, {"shape", json::value_from(spec.shape)}});
  }
  return out;
}

json::value model_value(const BackendDescription& description) {
  const TensorSignature none;
  const TensorSignature& tensors = description.tensors ? *description.tensors : none;
  return json::object{{"name", description.model},
                      {"aliases", json::value_from(description.aliases)},
                      {"architecture", description.architecture},
                      {"weights", description.weights},
                      {"parameters", description.parameters},
                      {"context", description.context},
                      {"vocabulary", description.vocabulary},
                      {"generates", description.generates},
                      {"isChatModel", description.is_chat_model},
                      {"embeddingWidth", description.embedding_width},
                      {"classes", json::value_from(description.classes)},
                      {"inputs", tensors_of(tensors.inputs)},
                      {"outputs", tensors_of(tensors.outputs)}};
}

// The names that the parsers of the other dialects know.
constexpr std::pair<std::string_view, std::string_view> kOptions[] = {{"maxTokens", "max_tokens"},
                                                                      {"temperature", "temperature"},
                                                                      {"topP", "top_p"},
                                                                      {"topK", "top_k"},
                                                                      {"minP", "min_p"},
                                                                      {"presencePenalty", "presence_penalty"},
                                                                      {"frequencyPenalty", "frequency_penalty"},
                                                                      {"repetitionPenalty", "repetition_penalty"},
                                                                      {"seed", "seed"},
                                                                      {"stop", "stop"}};

// The parsers' refusal, with the option called as the query calls it.
Error in_our_words(const Refusal& refusal) {
  const std::string quoted = "\"" + refusal.field + "\"";
  for (const auto& [ours, theirs] : kOptions) {
    if (refusal.field != theirs || !refusal.error.message.starts_with(quoted)) continue;
    return {refusal.error.code, fmt::format("\"options.{}\"{}", ours, refusal.error.message.substr(quoted.size()))};
  }
  return refusal.error;
}

Result<GenerateRequest> generate_request(const json::object& arguments, const BackendDescription& description) {
  json::object body;
  if (const json::object* options = object_at(arguments, "options")) {
    for (const auto& [ours, theirs] : kOptions) {
      const json::value* value = options->if_contains({ours.data(), ours.size()});
      if (value != nullptr) body[json::string_view(theirs.data(), theirs.size())] = *value;
    }
  }
  if (const json::array* messages = array_at(arguments, "messages")) body["messages"] = *messages;
  const json::value* prompt = arguments.if_contains("prompt");
  const bool has_prompt = prompt != nullptr && prompt->is_string();
  const bool has_messages = body.contains("messages");
  if (has_prompt == has_messages) return invalid_argument("want one of \"prompt\" and \"messages\"");
  FieldReader reader(body);
  GenerateRequest request;
  request.tokens_max = kTokensDefault;
  request.sampling = description.sampling;
  read_generation(reader, request);
  if (has_messages) {
    request.input = read_messages(reader);
  } else {
    request.input = std::string(prompt->get_string());
  }
  if (!reader.is_ok()) return in_our_words(*reader.refusal());
  request.model = text_of(arguments, "model");
  return request;
}

json::value generation_value(const CollectedText& text, const std::string& model) {
  const engine::RequestUsage& usage = text.usage;
  return json::object{{"model", model},
                      {"text", text.text},
                      {"finishReason", text.finish == engine::FinishReason::kLength ? "LENGTH" : "STOP"},
                      {"usage", json::object{{"promptTokens", usage.prompt_tokens},
                                             {"cachedTokens", usage.cached_tokens},
                                             {"completionTokens", usage.generated_tokens},
                                             {"totalTokens", usage.prompt_tokens + usage.generated_tokens}}}};
}

struct RootCall {
  Backend& backend;
  const json::object& arguments;
  const std::string& request_id;
  const std::stop_token& stop;
};

Status start_generate(const RootCall& call, const RootDone& done) {
  const BackendDescription description = call.backend.describe();
  SIXFOLD_TRY(GenerateRequest request, generate_request(call.arguments, description));
  request.id = call.request_id;
  const std::string model = answering_model(description, request.model);
  SIXFOLD_TRY(std::shared_ptr<Generation> generation, call.backend.generate(std::move(request)));
  collect_generation(std::move(generation), call.stop, [done, model](Result<CollectedText> text) {
    if (!text) return done(std::move(text).error());
    done(generation_value(*text, model));
  });
  return ok();
}

Status start_embed(const RootCall& call, const RootDone& done) {
  EmbedRequest request{
      .id = call.request_id, .model = text_of(call.arguments, "model"), .texts = {}, .stop = call.stop};
  SIXFOLD_TRY(std::vector<std::string> texts, texts_of(call.arguments, "input"));
  for (std::string& text : texts) request.texts.emplace_back(std::move(text));
  if (const auto dimensions = integer_of(call.arguments, "dimensions")) {
    if (*dimensions < 1) return invalid_argument("dimensions: want at least 1, got {}", *dimensions);
    request.dimensions = static_cast<std::size_t>(*dimensions);
  }
  request.truncates = flag_of(call.arguments, "truncate");
  return call.backend.embed(std::move(request), [done, model = call.backend.describe().model](Result<Embeddings> made) {
    if (!made) return done(std::move(made).error());
    json::array vectors;
    for (const std::vector<float>& vector : made->vectors) vectors.push_back(json::value_from(vector));
    done(json::value(json::object{{"model", model}, {"vectors", std::move(vectors)}, {"totalTokens", made->tokens}}));
  });
}

json::value classified(const std::vector<float>& scores, const std::vector<std::string>& classes) {
  const std::vector<double> probabilities = probabilities_of(scores);
  const auto best = std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();
  json::array all;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    all.push_back(json::object{{"label", classes[i]}, {"probability", probabilities[i]}});
  }
  return json::object{{"label", classes[static_cast<std::size_t>(best)]}, {"classes", std::move(all)}};
}

Status start_classify(const RootCall& call, const RootDone& done) {
  ScoreRequest request{
      .id = call.request_id, .model = text_of(call.arguments, "model"), .texts = {}, .stop = call.stop};
  SIXFOLD_TRY(std::vector<std::string> texts, texts_of(call.arguments, "input"));
  for (std::string& text : texts) request.texts.push_back({std::move(text), std::nullopt});
  request.truncates = flag_of(call.arguments, "truncate");
  return call.backend.score(std::move(request), [done, description = call.backend.describe()](Result<Scores> made) {
    if (!made) return done(std::move(made).error());
    json::array results;
    for (const std::vector<float>& scores : made->scores) results.push_back(classified(scores, description.classes));
    done(json::value(
        json::object{{"model", description.model}, {"results", std::move(results)}, {"totalTokens", made->tokens}}));
  });
}

json::value ranking(const Scores& scores, const std::vector<std::string>& documents, std::size_t results_max,
                    const std::string& model) {
  std::vector<std::size_t> order(scores.scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores.scores[a].front() > scores.scores[b].front(); });
  order.resize(std::min(order.size(), results_max));
  json::array results;
  for (const std::size_t index : order) {
    results.push_back(json::object{
        {"index", index}, {"relevanceScore", sigmoid(scores.scores[index].front())}, {"document", documents[index]}});
  }
  return json::object{{"model", model}, {"results", std::move(results)}, {"totalTokens", scores.tokens}};
}

Status start_rerank(const RootCall& call, const RootDone& done) {
  const BackendDescription description = call.backend.describe();
  if (description.classes.size() > 1) {
    return invalid_argument("the model \"{}\" scores {} classes; a reranker has one", description.model,
                            description.classes.size());
  }
  ScoreRequest request{
      .id = call.request_id, .model = text_of(call.arguments, "model"), .texts = {}, .stop = call.stop};
  SIXFOLD_TRY(std::vector<std::string> documents, texts_of(call.arguments, "documents"));
  auto pairs = pair_texts(text_of(call.arguments, "query"), documents);
  if (!pairs) return invalid_argument("query: {}", pairs.error().message);
  request.texts = *std::move(pairs);
  std::size_t results_max = documents.size();
  if (const auto top = integer_of(call.arguments, "topN")) {
    if (*top < 1) return invalid_argument("topN: want at least 1, got {}", *top);
    results_max = static_cast<std::size_t>(*top);
  }
  request.truncates = flag_of(call.arguments, "truncate");
  return call.backend.score(std::move(request), [done, documents = std::move(documents), results_max,
                                                 model = description.model](Result<Scores> made) {
    if (!made) return done(std::move(made).error());
    done(ranking(*made, documents, results_max, model));
  });
}

struct WorkRow {
  std::string_view name;
  Status (*start)(const RootCall&, const RootDone&);
};
constexpr WorkRow kWork[] = {
    {"generate", start_generate}, {"embed", start_embed}, {"classify", start_classify}, {"rerank", start_rerank}};

}  // namespace

bool is_work(const PlanField& field) {
  return std::any_of(std::begin(kWork), std::end(kWork), [&](const WorkRow& row) { return row.name == field.name; });
}

void start_root(Backend& backend, const PlanField& field, const std::string& request_id, const std::stop_token& stop,
                RootDone done) {
  if (field.name == "models") return done(json::value(json::array{model_value(backend.describe())}));
  if (field.name == "model") {
    const BackendDescription description = backend.describe();
    const std::string name = text_of(field.arguments, "name");
    return done(names_model(description, name) && !name.empty() ? model_value(description) : json::value(nullptr));
  }
  for (const WorkRow& row : kWork) {
    if (row.name != field.name) continue;
    const Status started = row.start({backend, field.arguments, request_id, stop}, done);
    if (!started) done(started.error());
    return;
  }
  done(internal_error("no such field: {}", field.name));
}

}  // namespace sixfold::service::graphql
