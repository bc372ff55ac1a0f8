// Runs patterns with PCRE2.  RE2 has no lookahead, std::regex no Unicode classes.
#include "tokenizer/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <string>

#include "core/error.h"

namespace sixfold::tokenizer {
namespace {

constexpr std::size_t kJitStackBytesMin = 32u << 10;
constexpr std::size_t kJitStackBytesMax = 1u << 20;
constexpr std::size_t kPatternBytesMax = 64u << 10;  // published ones have up to 5 KiB

// Oniguruma's \w.  Source: github.com/kkos/oniguruma, doc/RE.
constexpr std::string_view kWordClasses = "\\p{L}\\p{M}\\p{Nd}\\p{Pc}";

// What an escape of one letter stands for; empty: PCRE2 means the same by it.
std::string translated_escape(char letter, Pattern::Dialect dialect, bool is_in_class) {
  // PCRE2's \s takes U+180E for a space, which it has not been since Unicode 6.3; the models' own libraries go by the
  // White_Space property.
  if (letter == 's') return "\\p{White_Space}";
  if (letter == 'S') return "\\P{White_Space}";
  if (dialect == Pattern::Dialect::kPcre) return {};
  const auto as_class = [&](std::string_view content) {
    return is_in_class ? std::string(content) : fmt::format("[{}]", content);
  };
  if (letter == 'w') return as_class(kWordClasses);
  if (letter == 'W' && !is_in_class) return fmt::format("[^{}]", kWordClasses);
  if (letter == 'h') return as_class("0-9A-Fa-f");
  return {};
}

std::string translated(std::string_view pattern, Pattern::Dialect dialect) {
  std::string result;
  bool is_in_class = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char letter = pattern[at];
    if (letter == '\\' && at + 1 < pattern.size()) {
      ++at;
      const std::string escape = translated_escape(pattern[at], dialect, is_in_class);
      result += escape.empty() ? std::string{'\\', pattern[at]} : escape;
      continue;
    }
    if (letter == '[') is_in_class = true;
    if (letter == ']') is_in_class = false;
    result += letter;
  }
  return result;
}

std::string pcre2_message(int code) {
  PCRE2_UCHAR text[128] = {};
  pcre2_get_error_message(code, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct FreeJitStack {
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};

}  // namespace

struct MatchScratch::Memory {
  std::unique_ptr<pcre2_match_data, FreeMatchData> data;
  std::unique_ptr<pcre2_match_context, FreeMatchContext> context;
  std::unique_ptr<pcre2_jit_stack, FreeJitStack> stack;
};

MatchScratch::MatchScratch(std::size_t text_bytes) : memory_(std::make_unique<Memory>()) {
  memory_->data.reset(pcre2_match_data_create(1, nullptr));
  memory_->context.reset(pcre2_match_context_create(nullptr));
  memory_->stack.reset(pcre2_jit_stack_create(kJitStackBytesMin, kJitStackBytesMax, nullptr));
  // The patterns of published models are linear in the piece they match; steps beyond that mean that one has gone
  // astray.
  constexpr std::size_t kStepsMax = 1u << 31;
  pcre2_set_match_limit(memory_->context.get(),
                        static_cast<std::uint32_t>(std::min(kStepsMax, (1u << 20) + text_bytes * 32)));
  pcre2_jit_stack_assign(memory_->context.get(), nullptr, memory_->stack.get());
}
MatchScratch::~MatchScratch() = default;
MatchScratch::MatchScratch(MatchScratch&&) noexcept = default;
MatchScratch& MatchScratch::operator=(MatchScratch&&) noexcept = default;

void Pattern::FreeCode::operator()(pcre2_real_code_8* code) const {
  pcre2_code_free(code);
}

Result<Pattern> Pattern::make(std::string_view pattern, Dialect dialect) {
  if (pattern.size() > kPatternBytesMax) {
    return invalid_argument("pattern: want at most {} bytes, got {}", kPatternBytesMax, pattern.size());
  }
  const std::string text = translated(pattern, dialect);
  const std::uint32_t options =
      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | (dialect == Dialect::kOniguruma ? PCRE2_MULTILINE : 0);
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), options, &error, &offset, nullptr);
  if (code == nullptr) return invalid_argument("pattern {}: {} at offset {}", text, pcre2_message(error), offset);
  // Where writable code is forbidden this fails, and the interpreter runs instead.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  return Pattern(code);
}

Result<std::optional<TextRange>> Pattern::find(std::string_view text, std::size_t from, MatchScratch& scratch,
                                               bool takes_empty) const {
  MatchScratch::Memory& memory = *scratch.memory_;
  const int found =
      pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                  PCRE2_NO_UTF_CHECK | (takes_empty ? 0 : PCRE2_NOTEMPTY), memory.data.get(), memory.context.get());
  if (found == PCRE2_ERROR_NOMATCH) return std::optional<TextRange>();
  if (found < 0) return internal_error("gave up at byte {} of {}: {}", from, text.size(), pcre2_message(found));
  const PCRE2_SIZE* place = pcre2_get_ovector_pointer(memory.data.get());
  // \K may move the beginning of a match anywhere.
  if (place[0] < from || place[1] < place[0]) {
    return internal_error("matched bytes {} to {} from byte {}", place[0], place[1], from);
  }
  return std::optional<TextRange>({place[0], place[1]});
}

}  // namespace sixfold::tokenizer
