// POST /infill: what stands between two texts, with the fields of llama.cpp's server, which editors' plugins send.
#include "service/infill.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/limits.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

constexpr std::size_t kFilesMax = 256;

const std::vector<FieldRule>& infill_rules() {
  static const std::vector<FieldRule> kRules = {
      // About speed, and about which parts of the answer are sent: all are.
      {"cache_prompt", "", {}},
      {"id_slot", "", {}},
      {"n_keep", "", {}},
      {"response_fields", "", {}},
      {"timings_per_token", "", {}},
      {"return_progress", "", {}},
      // Limits of time, which a server under load cannot promise; n_predict is the limit that counts.
      {"t_max_prompt_ms", "", {}},
      {"t_max_predict_ms", "", {}},
      {"n_probs", "probabilities are not supported here", {"0"}},
      {"mirostat", "mirostat is not supported", {"0"}},
      {"grammar", "grammars are not supported", {}},
      {"json_schema", "JSON schemas are not supported", {}},
  };
  return kRules;
}

std::vector<tokenizer::InfillFile> read_files(FieldReader& reader) {
  std::vector<tokenizer::InfillFile> files;
  const json::array* array = reader.array("input_extra");
  if (array == nullptr) return files;
  if (array->size() > kFilesMax) {
    reader.refuse("input_extra", fmt::format("want at most {} files, got {}", kFilesMax, array->size()));
    return files;
  }
  for_each_object(reader, "input_extra", *array, [&](FieldReader& file) {
    check_fields(file, {"filename", "text"}, {});
    const auto text = file.text("text");
    if (!text && file.is_ok()) file.refuse("text", "want a string, got none");
    files.push_back({std::string(file.text("filename").value_or("tmp")), std::string(text.value_or(""))});
  });
  return files;
}

// llama.cpp runs the samplers of a list in its order; here the order is fixed, and the list says which take part.
// "infill" ends a text where the model is undecided whether it ends; here the model decides.
void read_samplers(FieldReader& reader, engine::SamplingOptions& sampling) {
  const engine::SamplingOptions off;
  const json::array* array = reader.array("samplers");
  if (array == nullptr) return;
  constexpr std::array<std::string_view, 7> kNames = {"top_k",       "top_p",     "min_p", "typ_p",
                                                      "temperature", "penalties", "infill"};
  std::array<bool, kNames.size()> is_named{};
  for (const json::value& item : *array) {
    const auto found = item.is_string()
                           ? std::find(kNames.begin(), kNames.end(),
                                       std::string_view(item.get_string().data(), item.get_string().size()))
                           : kNames.end();
    if (found == kNames.end()) {
      return reader.refuse("samplers", fmt::format("names among {}", fmt::join(kNames, ", ")), item);
    }
    is_named[static_cast<std::size_t>(found - kNames.begin())] = true;
  }
  if (!is_named[0]) sampling.top_k = off.top_k;
  if (!is_named[1]) sampling.top_p = off.top_p;
  if (!is_named[2]) sampling.min_p = off.min_p;
  if (!is_named[3]) sampling.typical_p = off.typical_p;
  // A temperature of 0 chooses the likeliest token, whatever samplers there are.
  if (!is_named[4] && sampling.temperature != 0) sampling.temperature = off.temperature;
  if (!is_named[5]) {
    sampling.repetition_penalty = off.repetition_penalty;
    sampling.presence_penalty = off.presence_penalty;
    sampling.frequency_penalty = off.frequency_penalty;
  }
}

void append_number_field(std::string& out, std::string_view name, double number) {
  out += fmt::format(",\"{}\":", name);
  append_json_number(out, number);
}

class InfillFormat final : public AnswerFormat {
 public:
  explicit InfillFormat(std::string model) : model_(std::move(model)) {}

  Dialect dialect() const override { return Dialect::kOpenAi; }
  std::string_view input_field() const override { return "input_prefix"; }

  std::string whole(const std::vector<AnswerChoice>& choices, const engine::RequestUsage& usage) override {
    const AnswerChoice& choice = choices.front();
    return last_object(choice.text, choice.finish, choice.stop_text, usage);
  }

  void append_event(std::string& out, std::size_t, const engine::TokenEvent& event) override {
    if (event.finish != engine::FinishReason::kNone) {
      finish_ = event.finish;
      stop_text_ = event.stop_text;
    }
    if (event.text.empty()) return;
    out += R"(data: {"index":0,"content":)";
    append_json_string(out, event.text);
    out += R"(,"stop":false})";
    out += "\n\n";
  }

  void append_end(std::string& out, const engine::RequestUsage& usage) override {
    out += "data: " + last_object({}, finish_, stop_text_, usage) + "\n\n";
  }

 private:
  std::string last_object(std::string_view text, engine::FinishReason finish, std::string_view stop_text,
                          const engine::RequestUsage& usage) const {
    std::string out = R"({"index":0,"content":)";
    append_json_string(out, text);
    out += R"(,"stop":true,"model":)";
    append_json_string(out, model_);
    const std::string_view kind = finish == engine::FinishReason::kLength ? "limit"
                                  : stop_text.empty()                     ? "eos"
                                                                          : "word";
    out += fmt::format(R"(,"stop_type":"{}","stopping_word":)", kind);
    append_json_string(out, stop_text);
    out += fmt::format(R"(,"tokens_predicted":{},"tokens_evaluated":{},"tokens_cached":{},"truncated":false)",
                       usage.generated_tokens, usage.prompt_tokens, usage.cached_tokens);
    const std::uint64_t computed = usage.prompt_tokens - std::min(usage.prompt_tokens, usage.cached_tokens);
    out += fmt::format(R"(,"timings":{{"cache_n":{},"prompt_n":{},"predicted_n":{})", usage.cached_tokens, computed,
                       usage.generated_tokens);
    append_number_field(out, "prompt_ms", usage.prefill_seconds * 1000);
    append_number_field(out, "predicted_ms", usage.decode_seconds * 1000);
    append_number_field(out, "prompt_per_second", per_second(computed, usage.prefill_seconds));
    append_number_field(out, "predicted_per_second", per_second(usage.generated_tokens, usage.decode_seconds));
    return out += "}}";
  }

  static double per_second(std::uint64_t tokens, double seconds) {
    return seconds > 0 ? static_cast<double>(tokens) / seconds : 0;
  }

  const std::string model_;
  engine::FinishReason finish_ = engine::FinishReason::kNone;
  std::string stop_text_;
};

}  // namespace

Parsed<InfillCall> parse_infill(std::string_view body, const engine::SamplingOptions& sampling) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  static const std::vector<std::string_view> kKnown = [] {
    std::vector<std::string_view> fields = generation_fields();
    fields.insert(fields.end(), {"input_prefix", "input_suffix", "input_extra", "prompt", "n_predict", "stream",
                                 "repeat_penalty", "samplers", "n_indent"});
    return fields;
  }();
  check_fields(reader, kKnown, infill_rules());
  InfillCall call;
  call.request.sampling = sampling;
  read_generation(reader, call.request);
  if (const auto value = reader.number("repeat_penalty", 0, 10)) {
    const auto penalty = static_cast<float>(*value);
    if (!(penalty > 0)) {
      reader.refuse("repeat_penalty", "a number above 0, at most 10", *reader.find("repeat_penalty"));
    }
    call.request.sampling.repetition_penalty = penalty;
  }
  read_samplers(reader, call.request.sampling);
  if (const auto value = reader.integer("n_predict", -1, static_cast<std::int64_t>(limits::kContextMax))) {
    if (*value == 0) reader.refuse("n_predict", "-1, or at least 1", *reader.find("n_predict"));
    call.request.tokens_max = *value > 0 ? std::optional(static_cast<std::size_t>(*value)) : std::nullopt;
  }
  constexpr std::int64_t kIndentMax = 1024;
  call.request.line_indent = static_cast<std::size_t>(reader.integer("n_indent", 0, kIndentMax).value_or(0));
  call.streams = reader.boolean("stream").value_or(false);
  const auto prefix = reader.text("input_prefix");
  const auto suffix = reader.text("input_suffix");
  if (!prefix && !suffix && reader.is_ok()) reader.refuse("input_prefix", "want a string, got none");
  call.input.prefix = prefix.value_or("");
  call.input.suffix = suffix.value_or("");
  call.input.middle = reader.text("prompt").value_or("");
  call.input.files = read_files(reader);
  if (!reader.is_ok()) return *reader.refusal();
  return call;
}

void infill(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const BackendDescription description = state.backend.describe();
  auto parsed = parse_infill(request.body, description.sampling);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kOpenAi, *refusal));
    return;
  }
  auto call = std::get<InfillCall>(std::move(parsed));
  auto prompt = state.backend.infill_prompt(call.input);
  if (!prompt) {
    writer->send(error_response(Dialect::kOpenAi, refusal_of_generate(std::move(prompt).error(), "input_prefix")));
    return;
  }
  call.request.id = request.id;
  call.request.input = std::move(*prompt);
  AnswerParts parts;
  parts.writer = std::move(writer);
  parts.streams = call.streams;
  parts.format = std::make_unique<InfillFormat>(answering_model(description, call.request.model));
  parts.requests.push_back(std::move(call.request));
  start_answer(state.backend, state.answers, state.clock, std::move(parts));
}

}  // namespace sixfold::service
