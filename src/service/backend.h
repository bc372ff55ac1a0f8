// The hinge of every mode: one interface for "answer this", whoever does the work.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"
#include "engine/request.h"
#include "service/tensors.h"
#include "tokenizer/chat_template.h"
#include "tokenizer/infill.h"

namespace sixfold::service {

using tokenizer::TokenId;

// An adapter of llama.cpp's requests, by number.
struct AdapterChoice {
  std::uint64_t id = 0;
  float scale = 0;
};

// What the text of an answer must be, enforced token by token.
struct OutputRule {
  std::string grammar;  // GBNF (grammar/gbnf.h); empty: anything
  std::vector<std::string>
      triggers;  // the grammar holds from the first of them on, itself included; none: from the start
};

// Whether the model calls functions.
struct ToolChoice {
  enum class Mode {
    kAuto,      // as it likes
    kNone,      // it does not, and is not told of any
    kRequired,  // its answer is at least one call
  };
  Mode mode = Mode::kAuto;
  std::vector<std::string> names = {};  // of the functions that may be called; empty: all of the request
  bool is_single = false;               // at most one call in an answer
};

// A request as every dialect's parser makes it; no JSON from here on.
struct GenerateRequest {
  std::string id;
  std::string model;  // or an adapter of it; empty = the only one
  // At most one with another scale than 0, and only when `model` names no adapter.
  std::vector<AdapterChoice> adapters;
  // A conversation (rendered with the model's chat template), plain text, or ready token ids.
  std::variant<std::vector<tokenizer::ChatMessage>, std::string, std::vector<TokenId>> input;
  engine::SamplingOptions sampling;
  std::optional<std::size_t> tokens_max;
  std::size_t choices = 1;
  std::vector<std::string> stop;
  bool wants_logprobs = false;
  std::size_t logprobs = 0;     // alternatives
  std::size_t line_indent = 0;  // of every line but the first; then the answer ends
  bool ignores_end = false;
  OutputRule output_rule;
  // Of a conversation.
  std::optional<std::size_t> reasoning_tokens_max;  // then the reasoning is closed; nothing: no limit of its own
  std::vector<tokenizer::ChatTool> tools;
  ToolChoice tool_choice;
  std::string template_arguments;  // further variables of the chat template: JSON text of an object; or empty
};

// Whether calls can come in the answer.
bool may_call(const GenerateRequest& request);
// Names of the functions that may be called.
std::vector<std::string> callable_names(const GenerateRequest& request);

// A running request.  Dropping it does not cancel; cancel() does.
class Generation {
 public:
  virtual ~Generation() = default;
  virtual void cancel() = 0;
  // The reader's side of the events: try_next never waits; on_ready as in engine::TokenStream.
  virtual std::optional<engine::TokenEvent> try_next() = 0;
  virtual std::optional<engine::TokenEvent> next() = 0;  // waits
  virtual bool is_finished() const = 0;
  virtual void on_ready(std::function<void()> callback) = 0;
  virtual engine::RequestUsage usage() const = 0;
  virtual std::size_t prompt_tokens() const = 0;
  // The prompt ends within the model's reasoning, so the answer begins there.
  virtual bool begins_in_reasoning() const { return false; }
};

using Text = std::variant<std::string, std::vector<TokenId>>;  // or its ready token ids

// One vector for each text, as the model was trained to make them, of length 1.
struct EmbedRequest {
  std::string id;
  std::string model;  // empty = the only one
  std::vector<Text> texts;
  std::size_t dimensions = 0;  // the first so many numbers, brought to length 1 again (arXiv:2205.13147); 0 = all
  bool truncates = false;      // a text that is too long is cut, instead of refused
  std::stop_token stop = {};   // nobody wants the answer any more
};

struct Embeddings {
  std::vector<std::vector<float>> vectors;  // one for each text
  std::uint64_t tokens = 0;                 // of all texts
};

struct ScoredText {
  std::string text;
  std::optional<std::string> second;  // judged together with the first, as a document is with a query
};

struct ScoreRequest {
  std::string id;
  std::string model;  // empty = the only one
  std::vector<ScoredText> texts;
  bool truncates = true;      // of what is too long the end of the second text is cut, or of a single one
  std::stop_token stop = {};  // nobody wants the answer any more
};

struct Scores {
  std::vector<std::vector<float>> scores;  // for each text, of each class: BackendDescription::classes
  std::uint64_t tokens = 0;                // of all texts
};

template <class T>
using Done = std::function<void(Result<T>)>;

struct AdapterDescription {
  std::uint64_t id = 0;
  std::string name;  // a model's name to clients
  std::string source;
  float scale = 1;           // of requests that name it
  std::int64_t created = 0;  // unix seconds
};

// Where an adapter is to be loaded from.
struct AdapterSource {
  std::string name;
  std::string path;    // of the file or folder
  std::string source;  // as it is shown
};

struct BackendDescription {
  std::string model;                 // the name clients use
  std::vector<std::string> aliases;  // other names that reach it; "default" always does
  std::string architecture;
  std::string weights;
  std::uint64_t parameters = 0;
  std::uint64_t weight_bytes = 0;
  std::size_t context = 0;      // tokens a request may use
  std::size_t context_max = 0;  // of the model
  std::size_t vocabulary = 0;
  std::int64_t created = 0;      // unix seconds
  std::string chat_template;     // its name
  bool is_chat_model = false;    // the model brought its own chat template, so it was made for conversations
  std::string tool_format;       // in which it writes calls: a name of chat/chat_format.h; empty: it cannot
  std::string reasoning_format;  // that its thinking has: a name of chat/reasoning_split.h; empty: it does not think
  bool generates = true;         // text; else texts are read only
  bool fills_in_middle = false;  // Backend::infill_prompt works
  engine::SamplingOptions sampling;  // of requests that do not say otherwise
  std::size_t embedding_width = 0;   // 0: no embeddings
  std::vector<std::string> classes;  // that texts are scored for; empty: no scores
  std::vector<AdapterDescription> adapters;
  std::shared_ptr<const TensorSignature> tensors;  // of a model of tensors, which takes no texts; null for others
};

// Whether a request for `name` means this model: its name, an alias, "default", or nothing.
bool names_model(const BackendDescription& description, std::string_view name);
Error model_not_found(const BackendDescription& description, std::string_view name);

// Null when no adapter has this name.
const AdapterDescription* find_adapter(const BackendDescription& description, std::string_view name);

// What an answer to a request for `name` calls its model: the adapter's name, or the model's own.
std::string answering_model(const BackendDescription& description, std::string_view name);

// What generate, embed, score and predict say when the model was made for something else.
enum class Ability { kGenerate, kEmbed, kScore, kPredict };
Error lacks_ability(const BackendDescription& description, Ability ability);

// Thread-safe.
class Backend {
 public:
  virtual ~Backend() = default;

  // Returns at once.  Errors: as engine::Engine::submit, not_found for another model's name.
  virtual Result<std::shared_ptr<Generation>> generate(GenerateRequest request) = 0;

  // Return at once.  `done` is called once, from another thread, and must not wait; not at all after an error.
  // Errors: as engine::EncoderEngine::submit, not_found for another model's name, invalid_argument when the model makes
  // no embeddings or scores, or fewer dimensions than wanted.
  virtual Status embed(EmbedRequest request, Done<Embeddings> done) = 0;
  virtual Status score(ScoreRequest request, Done<Scores> done) = 0;

  // The same of tensors, but that `done` may also be called by the caller's own thread, before predict returns: a small
  // model takes less time than another thread would to begin.  Errors: not_found for another model's name,
  // invalid_argument when the model takes texts, resource_exhausted when the queue is full.  What is wrong with the
  // tensors, `done` hears.
  virtual Status predict(TensorRequest request, Done<TensorAnswer> done);

  // Makes requests for a new name possible.  Returns at once; `done` as above.  Errors: as
  // engine::AdapterShelf::load, unavailable while another adapter is being loaded, invalid_argument from a model that
  // takes none.
  virtual Status load_adapter(AdapterSource source, Done<Unit> done);
  // Requests that use it go on.  Errors: not_found.
  virtual Status unload_adapter(const std::string& name);

  // What generate would begin from: the conversation rendered, or the text.  Errors: as generate, and
  // invalid_argument from a model that writes no text.
  virtual Result<std::string> prompt_text(const GenerateRequest& request) const;
  // The same as token ids.
  virtual Result<std::vector<TokenId>> prompt_tokens(const GenerateRequest& request) const;
  // A prompt after which the model writes what is missing in the middle.  Errors: as tokenizer::infill_prompt.
  virtual Result<std::vector<TokenId>> infill_prompt(const tokenizer::InfillInput& input) const;

  virtual BackendDescription describe() const = 0;
  virtual std::string chat_template_source() const { return {}; }  // the model's own, in Jinja; empty: it has none
  virtual Result<std::vector<TokenId>> tokenize(std::string_view text, bool adds_special,
                                                bool parses_special) const = 0;
  virtual Result<std::string> detokenize(const std::vector<TokenId>& tokens) const = 0;
  virtual std::string token_text(TokenId token) const = 0;  // bytes of one token, for logprobs
  virtual bool is_ready() const = 0;                        // decoding advances
};

}  // namespace sixfold::service
