// Options by ollama's names; what has no effect here passes, what would change the answer is refused.
#include "service/ollama/fields.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "core/limits.h"
#include "service/json.h"
#include "service/ollama/messages.h"
#include "service/openai_fields.h"
#include "service/output_rule_fields.h"
#include "service/texts.h"
#include "service/tools.h"

namespace sixfold::service {
namespace {

// Names that openai_fields.h reads too, and ollama's own.
const std::vector<std::string_view>& option_fields() {
  static const std::vector<std::string_view> kFields = {
      "temperature", "top_p", "top_k",       "min_p",          "typical_p",     "presence_penalty", "frequency_penalty",
      "seed",        "stop",  "num_predict", "repeat_penalty", "repeat_last_n", "num_ctx"};
  return kFields;
}

const std::vector<FieldRule>& option_rules() {
  static const std::vector<FieldRule> kRules = {
      // About memory and speed only.
      {"num_batch", "", {}},
      {"num_gpu", "", {}},
      {"main_gpu", "", {}},
      {"num_thread", "", {}},
      {"numa", "", {}},
      {"low_vram", "", {}},
      {"f16_kv", "", {}},
      {"use_mmap", "", {}},
      {"use_mlock", "", {}},
      {"vocab_only", "", {}},
      {"draft_num_predict", "", {}},
      // What is kept when a text outgrows the context: here it ends there.
      {"num_keep", "", {}},
      // Nothing without mirostat.
      {"mirostat_tau", "", {}},
      {"mirostat_eta", "", {}},
      {"mirostat", "mirostat is not supported", {"0"}},
      {"tfs_z", "tail free sampling is not supported", {"1", "1E0"}},
      {"penalize_newline", "line ends are penalized like every token", {"true"}},
  };
  return kRules;
}

// Penalties look at the whole text here, or at nothing.
void read_penalty_range(FieldReader& options, engine::SamplingOptions& sampling) {
  const auto last = options.integer("repeat_last_n", -1, static_cast<std::int64_t>(limits::kContextMax));
  if (!last || *last < 0) return;
  const bool penalizes =
      sampling.repetition_penalty != 1 || sampling.presence_penalty != 0 || sampling.frequency_penalty != 0;
  if (*last > 0 && penalizes) {
    options.refuse("repeat_last_n",
                   "want -1, the whole text, or 0, nothing; other ranges of penalties are not supported");
  }
  sampling.repetition_penalty = 1;
  sampling.presence_penalty = sampling.frequency_penalty = 0;
}

void read_options(FieldReader& reader, GenerateRequest& request) {
  const json::object* object = reader.object("options");
  if (object == nullptr) return;
  FieldReader options(*object, "options");
  check_fields(options, option_fields(), option_rules());
  read_generation(options, request);
  // Below 0 stands for any.
  const json::value* seed = options.find("seed");
  if (seed != nullptr && as_integer(*seed).value_or(0) < 0) request.sampling.seed.reset();
  if (const auto value = options.number("repeat_penalty", 0, 10)) {
    const auto penalty = static_cast<float>(*value);
    if (!(penalty > 0)) {
      options.refuse("repeat_penalty", "a number above 0, at most 10", *options.find("repeat_penalty"));
    }
    request.sampling.repetition_penalty = penalty;
  }
  read_penalty_range(options, request.sampling);
  constexpr auto kTokensMax = static_cast<std::int64_t>(limits::kContextMax);
  // Nothing and what is below mean: until the model ends or the context is full.
  if (const auto value = options.integer("num_predict", std::numeric_limits<std::int32_t>::min(), kTokensMax)) {
    request.tokens_max = *value > 0 ? std::optional(static_cast<std::size_t>(*value)) : std::nullopt;
  }
  // A prompt either fits into the server's context or is refused, so that a smaller or larger one changes no answer.
  options.integer("num_ctx", 0, kTokensMax);
  if (!options.is_ok()) reader.refuse(*options.refusal());
}

// "json", any object, or a JSON Schema.
void read_format(FieldReader& reader, OutputRule& rule) {
  const json::value* format = reader.find("format");
  if (format == nullptr || *format == "") return;
  if (*format == "json") {
    rule = rule_of_json_object();
  } else if (format->is_object()) {
    auto made = rule_of_schema(*format);
    if (!made) return reader.refuse("format", made.error().message);
    rule = std::move(*made);
  } else {
    reader.refuse("format", R"("json" or a JSON Schema)", *format);
  }
}

// What /api/generate and /api/chat share, with names of their own fields and rules for further ones.
void read_common(FieldReader& reader, std::vector<std::string_view> known, const std::vector<FieldRule>& own_rules,
                 OllamaCall& call) {
  std::vector<FieldRule> rules = {
      {"keep_alive", "", {}},
      // A prompt that is too long is refused, and a text that fills the context ends.
      {"truncate", "", {}},
      {"shift", "", {}},
      {"images", "images are not supported", {}},
      {"template", "a request cannot bring its own template; \"raw\" takes a prompt that is ready", {}},
  };
  rules.insert(rules.end(), own_rules.begin(), own_rules.end());
  known.insert(known.end(), {"model", "options", "stream", "format", "logprobs", "top_logprobs"});
  check_fields(reader, known, rules);
  call.request.model = reader.text("model").value_or("");
  call.streams = reader.boolean("stream").value_or(true);
  read_options(reader, call.request);
  read_chat_logprobs(reader, call.request);
  read_format(reader, call.request.output_rule);
}

std::vector<TokenId> read_context(FieldReader& reader) {
  std::vector<TokenId> tokens;
  const json::array* array = reader.array("context");
  if (array == nullptr) return tokens;
  for (const json::value& item : *array) {
    const auto token = as_integer(item);
    if (!token || *token < 0 || *token >= static_cast<std::int64_t>(limits::kVocabularyMax)) {
      reader.refuse("context", "token ids of an earlier answer", item);
      return {};
    }
    tokens.push_back(static_cast<TokenId>(*token));
  }
  return tokens;
}

// What a prompt means to a model that was made for conversations, or to any other when there is a system message.
void set_prompt(OllamaCall& call, const std::string& prompt, const std::string& system, bool is_chat_model) {
  if (call.is_raw || (!is_chat_model && system.empty())) {
    call.request.input = prompt;
    return;
  }
  std::vector<tokenizer::ChatMessage> messages;
  if (!system.empty()) messages.push_back({"system", system});
  messages.push_back({"user", prompt});
  call.request.input = std::move(messages);
}

// Whether the model is to think, or how much.
void read_think(FieldReader& reader, OllamaCall& call) {
  const json::value* think = reader.find("think");
  if (think == nullptr) return;
  if (think->is_bool()) {
    call.thinks = think->get_bool();
  } else if (*think == "low" || *think == "medium" || *think == "high") {
    call.thinks = read_effort(reader, *reader.text("think"), call.request);
  } else {
    reader.refuse("think", R"(true, false, "low", "medium" or "high")", *think);
  }
}

// A body of one object, read by `read`.
template <class Call, class Read>
Parsed<Call> parse_body(std::string_view body, Read read) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  Call call;
  read(reader, call);
  if (!reader.is_ok()) return *reader.refusal();
  return call;
}

// Options of a model that only reads are about memory and speed, and are checked all the same.
void read_embed_rest(FieldReader& reader, OllamaEmbedCall& call) {
  call.request.model = reader.text("model").value_or("");
  GenerateRequest unused;
  read_options(reader, unused);
}

void read_model(FieldReader& reader, OllamaModelCall& call) {
  const auto model = reader.text("model");
  call.model = model ? *model : reader.text("name").value_or("");
  if (call.model.empty()) reader.refuse("model", "want a name, got none");
}

}  // namespace

Parsed<OllamaCall> parse_ollama_generate(std::string_view body, const BackendDescription& description) {
  return parse_body<OllamaCall>(body, [&](FieldReader& reader, OllamaCall& call) {
    call.request.sampling = description.sampling;
    read_common(reader, {"prompt", "suffix", "system", "raw", "context"},
                {{"think", "what the model thinks is told apart in /api/chat only", {}}}, call);
    const std::string prompt(reader.text("prompt").value_or(""));
    const std::string suffix(reader.text("suffix").value_or(""));
    const std::string system(reader.text("system").value_or(""));
    call.is_raw = reader.boolean("raw").value_or(false);
    call.context = read_context(reader);
    call.only_loads = prompt.empty() && suffix.empty();
    if (call.is_raw) {
      if (!system.empty()) reader.refuse("system", "a raw prompt is the whole text; put it there");
      if (!call.context.empty()) reader.refuse("context", "a raw prompt is the whole text; put it there");
    }
    if (!suffix.empty()) {
      if (!system.empty()) reader.refuse("system", "there is no system message where the middle is filled in");
      if (!call.context.empty()) reader.refuse("context", "there is no context where the middle is filled in");
      call.infill = tokenizer::InfillInput{.prefix = prompt, .suffix = suffix};
    }
    set_prompt(call, prompt, system, description.is_chat_model);
  });
}

Parsed<OllamaCall> parse_ollama_chat(std::string_view body, const BackendDescription& description) {
  return parse_body<OllamaCall>(body, [&](FieldReader& reader, OllamaCall& call) {
    call.request.sampling = description.sampling;
    read_common(reader, {"messages", "tools", "think"}, {}, call);
    std::vector<tokenizer::ChatMessage> messages = read_ollama_messages(reader);
    call.only_loads = messages.empty();
    call.request.input = std::move(messages);
    read_openai_tools(reader, call.request);
    read_think(reader, call);
  });
}

Parsed<OllamaEmbedCall> parse_ollama_embed(std::string_view body) {
  return parse_body<OllamaEmbedCall>(body, [](FieldReader& reader, OllamaEmbedCall& call) {
    check_fields(reader, {"model", "input", "truncate", "dimensions", "options"}, {{"keep_alive", "", {}}});
    read_embed_rest(reader, call);
    const json::value* input = reader.find("input");
    const bool has_texts = input != nullptr && *input != "" && *input != json::array();
    if (has_texts) call.request.texts = read_texts(reader, "input", limits::kTextsMax);
    call.request.truncates = reader.boolean("truncate").value_or(true);
    constexpr auto kWidthMax = static_cast<std::int64_t>(limits::kWidthMax);
    call.request.dimensions = static_cast<std::size_t>(reader.integer("dimensions", 0, kWidthMax).value_or(0));
  });
}

Parsed<OllamaEmbedCall> parse_ollama_embeddings(std::string_view body) {
  return parse_body<OllamaEmbedCall>(body, [](FieldReader& reader, OllamaEmbedCall& call) {
    check_fields(reader, {"model", "prompt", "options"}, {{"keep_alive", "", {}}});
    read_embed_rest(reader, call);
    const std::string_view prompt = reader.text("prompt").value_or("");
    if (!prompt.empty()) call.request.texts.emplace_back(std::string(prompt));
    call.request.truncates = true;
  });
}

Parsed<OllamaModelCall> parse_ollama_show(std::string_view body) {
  return parse_body<OllamaModelCall>(body, [](FieldReader& reader, OllamaModelCall& call) {
    // "verbose" adds the vocabulary's tables, which /tokenize spares clients.
    check_fields(reader, {"model", "name"},
                 {{"verbose", "", {}},
                  {"options", "", {}},
                  {"system", "what a model is cannot be changed by asking", {}},
                  {"template", "what a model is cannot be changed by asking", {}}});
    read_model(reader, call);
  });
}

Parsed<OllamaModelCall> parse_ollama_pull(std::string_view body) {
  return parse_body<OllamaModelCall>(body, [](FieldReader& reader, OllamaModelCall& call) {
    check_fields(reader, {"model", "name", "stream"},
                 {{"insecure", "downloads without checks are not supported", {}},
                  {"username", "the server uses its own account", {}},
                  {"password", "the server uses its own account", {}}});
    read_model(reader, call);
    call.streams = reader.boolean("stream").value_or(true);
  });
}

Parsed<OllamaModelCall> parse_ollama_delete(std::string_view body) {
  return parse_body<OllamaModelCall>(body, [](FieldReader& reader, OllamaModelCall& call) {
    check_fields(reader, {"model", "name"}, {});
    read_model(reader, call);
  });
}

}  // namespace sixfold::service
