// Any vocabulary is refused or gives a tokenizer that can be used.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "tokenizer/tokenizer.h"

namespace {

using namespace sixfold::tokenizer;

// Deals out the input in pieces.
class Dealer {
 public:
  Dealer(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool is_empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return value;
  }
  std::string text(std::size_t bytes) {
    const std::string value(rest_.substr(0, bytes));
    rest_.remove_prefix(std::min(bytes, rest_.size()));
    return value;
  }
  std::optional<TokenId> token() {
    const std::uint8_t value = byte();
    if (value == 255) return std::nullopt;
    return static_cast<TokenId>(value) - 2;
  }

 private:
  std::string_view rest_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Dealer dealer(data, size);
  Vocabulary vocabulary;
  const std::uint8_t flags = dealer.byte();
  constexpr std::array kModels = {"llama", "gpt2", "bert", "t5"};
  vocabulary.model = kModels[(flags & 1) + (flags >> 4 & 2)];
  vocabulary.pretokenizer = (flags & 2) != 0 ? "gpt-2" : "llama-bpe";
  const bool has_kinds = (flags & 4) != 0;
  vocabulary.adds_space_prefix = (flags & 8) != 0;
  if ((flags & 16) != 0) vocabulary.charsmap = dealer.text(dealer.byte() * 8u);
  const std::string text = dealer.text(dealer.byte());
  vocabulary.bos = dealer.token();
  vocabulary.eos = dealer.token();
  vocabulary.unknown = dealer.token();
  for (unsigned count = dealer.byte(); count > 0; --count) vocabulary.merges.push_back(dealer.text(dealer.byte() % 8));
  while (!dealer.is_empty()) {
    const std::uint8_t head = dealer.byte();
    vocabulary.tokens.push_back(dealer.text(head % 16));
    vocabulary.scores.push_back(static_cast<float>(head / 16));
    if (has_kinds) vocabulary.kinds.push_back(static_cast<TokenKind>(dealer.byte() % 8));
  }
  const auto tokenizer = make_tokenizer(std::move(vocabulary));
  if (!tokenizer.is_ok()) return 0;
  for (const bool parses_special : {false, true}) {
    const auto tokens = (*tokenizer)->encode(text, {.adds_special = true, .parses_special = parses_special});
    if (!tokens.is_ok()) std::abort();
    for (const TokenId token : *tokens) {
      if (token < 0 || static_cast<std::size_t>(token) >= (*tokenizer)->size()) std::abort();
    }
    (*tokenizer)->decode(*tokens, true);
  }
  return 0;
}
