// Runs the patterns with PCRE2.  RE2 has no lookahead, std::regex no Unicode classes.
#include "tokenizer/pretokenize.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/error.h"

namespace sixfold::tokenizer {
namespace {

constexpr std::size_t kJitStackBytesMin = 32u << 10;
constexpr std::size_t kJitStackBytesMax = 1u << 20;

// PCRE2's \s takes U+180E for a space, which it has not been since Unicode 6.3; the models' own libraries go by the
// White_Space property.
std::string with_unicode_spaces(std::string_view pattern) {
  std::string result;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '\\' || at + 1 == pattern.size()) {
      result += pattern[at];
      continue;
    }
    ++at;
    if (pattern[at] == 's') {
      result += "\\p{White_Space}";
    } else if (pattern[at] == 'S') {
      result += "\\P{White_Space}";
    } else {
      result += '\\';
      result += pattern[at];
    }
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

void Pretokenizer::FreeCode::operator()(pcre2_real_code_8* code) const {
  pcre2_code_free(code);
}

Result<Pretokenizer> Pretokenizer::make(std::span<const std::string_view> patterns) {
  Pretokenizer made;
  for (const std::string_view original : patterns) {
    const std::string pattern = with_unicode_spaces(original);
    int error = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                     PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr);
    if (code == nullptr) {
      return internal_error("pre-tokenizer pattern {}: {} at offset {}", pattern, pcre2_message(error), offset);
    }
    made.patterns_.emplace_back(code);
    // Where writable code is forbidden this fails, and the interpreter runs instead.
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  }
  return made;
}

// What one call of split needs; PCRE2's match data may not be shared between threads.
class Pretokenizer::Matcher {
 public:
  Matcher(const Pretokenizer& owner, std::size_t text_bytes, const Visit& visit)
      : owner_(owner),
        visit_(visit),
        data_(pcre2_match_data_create(1, nullptr)),
        context_(pcre2_match_context_create(nullptr)),
        stack_(pcre2_jit_stack_create(kJitStackBytesMin, kJitStackBytesMax, nullptr)) {
    // The patterns are linear in the piece they match; steps beyond that mean that one has gone astray.
    constexpr std::size_t kStepsMax = 1u << 31;
    pcre2_set_match_limit(context_.get(),
                          static_cast<std::uint32_t>(std::min(kStepsMax, (1u << 20) + text_bytes * 32)));
    pcre2_jit_stack_assign(context_.get(), nullptr, stack_.get());
  }

  Status split(std::string_view text, std::size_t stage) const {
    if (text.empty()) return ok();
    if (stage == owner_.patterns_.size()) return visit_(text);
    std::size_t begin = 0;  // of what no match has covered yet
    std::size_t from = 0;
    while (from < text.size()) {
      const int found =
          pcre2_match(owner_.patterns_[stage].get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                      PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, data_.get(), context_.get());
      if (found == PCRE2_ERROR_NOMATCH) break;
      if (found < 0) {
        return internal_error("pre-tokenizer: pattern {} gave up at byte {} of {}: {}", stage, from, text.size(),
                              pcre2_message(found));
      }
      const PCRE2_SIZE* place = pcre2_get_ovector_pointer(data_.get());
      const std::size_t match_begin = place[0];
      const std::size_t match_end = place[1];
      SIXFOLD_TRY_STATUS(split(text.substr(begin, match_begin - begin), stage + 1));
      SIXFOLD_TRY_STATUS(split(text.substr(match_begin, match_end - match_begin), stage + 1));
      begin = from = match_end;
    }
    return split(text.substr(begin), stage + 1);
  }

 private:
  const Pretokenizer& owner_;
  const Visit& visit_;
  std::unique_ptr<pcre2_match_data, FreeMatchData> data_;
  std::unique_ptr<pcre2_match_context, FreeMatchContext> context_;
  std::unique_ptr<pcre2_jit_stack, FreeJitStack> stack_;
};

Status Pretokenizer::split(std::string_view text, const Visit& visit) const {
  return Matcher(*this, text.size(), visit).split(text, 0);
}

}  // namespace sixfold::tokenizer
