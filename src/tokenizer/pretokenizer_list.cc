// One row per name of tokenizer.ggml.pre.  Patterns are those of the models' published tokenizer.json files; which
// names share one is llama.cpp's convention (src/llama-vocab.cpp), since its converter writes the names.
#include "tokenizer/pretokenizer_list.h"

#include <array>

namespace sixfold::tokenizer {
namespace {

using Pattern = std::string_view;

#define SIXFOLD_WORDS_GPT2 R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))"
#define SIXFOLD_CONTRACTIONS R"((?i:'s|'t|'re|'ve|'m|'ll|'d))"
#define SIXFOLD_SPACES R"(\s*[\r\n]+|\s+(?!\S)|\s+)"
#define SIXFOLD_UPPER R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])"
#define SIXFOLD_LOWER R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])"

// github.com/openai/gpt-2, src/encoder.py
constexpr std::array kGpt2 = {Pattern(SIXFOLD_WORDS_GPT2 R"(|\s+)")};
// huggingface.co/meta-llama/Meta-Llama-3-8B
constexpr std::array kLlama3 = {
    Pattern(SIXFOLD_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|)" SIXFOLD_SPACES)};
// huggingface.co/Qwen/Qwen2-7B
constexpr std::array kQwen2 = {
    Pattern(SIXFOLD_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)" SIXFOLD_SPACES)};
// huggingface.co/Qwen/Qwen3.5-0.8B: marks stay with their letters
constexpr std::array kQwen35 = {Pattern(
    SIXFOLD_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|)" SIXFOLD_SPACES)};
// huggingface.co/bigcode/starcoder: digits one by one, then as GPT-2
constexpr std::array kStarcoder = {Pattern(R"(\p{N})"), Pattern(SIXFOLD_WORDS_GPT2 R"(|\s+)")};
// huggingface.co/mistralai/Mistral-Nemo-Instruct-2407
constexpr std::array kTekken = {Pattern(R"([^\r\n\p{L}\p{N}]?)" SIXFOLD_UPPER "*" SIXFOLD_LOWER
                                        R"(+|[^\r\n\p{L}\p{N}]?)" SIXFOLD_UPPER "+" SIXFOLD_LOWER
                                        R"(*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|)" SIXFOLD_SPACES)};
// github.com/openai/tiktoken, o200k_base
constexpr std::array kGpt4o = {Pattern(R"([^\r\n\p{L}\p{N}]?)" SIXFOLD_UPPER "*" SIXFOLD_LOWER "+" SIXFOLD_CONTRACTIONS
                                       R"(?|[^\r\n\p{L}\p{N}]?)" SIXFOLD_UPPER "+" SIXFOLD_LOWER
                                       "*" SIXFOLD_CONTRACTIONS
                                       R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|)" SIXFOLD_SPACES)};
// huggingface.co/tiiuae/falcon-7b
constexpr std::array kFalcon = {Pattern(R"([\p{P}\$\+<=>\^~\|`]+)"), Pattern(SIXFOLD_WORDS_GPT2),
                                Pattern("[0-9][0-9][0-9]")};
// What llama.cpp takes when the file does not say; no published model wants it.
constexpr std::array kDefault = {Pattern(R"([\p{P}\$\+<=>\^~\|]+)"), Pattern(SIXFOLD_WORDS_GPT2), Pattern(R"(\p{N}+)"),
                                 Pattern("[0-9][0-9][0-9]")};

constexpr bool kIgnoresMerges = true;
constexpr bool kAddsBos = true;

const std::array kRows = {
    PretokenizerInfo{"default", kDefault},
    PretokenizerInfo{"gpt-2", kGpt2},
    PretokenizerInfo{"phi-2", kGpt2},
    PretokenizerInfo{"mpt", kGpt2},
    PretokenizerInfo{"olmo", kGpt2},
    PretokenizerInfo{"exaone4", kGpt2},
    PretokenizerInfo{"llama-bpe", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"llama3", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"llama-v3", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"falcon3", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"pixtral", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"lfm2", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"dbrx", kLlama3},
    PretokenizerInfo{"smaug-bpe", kLlama3},
    PretokenizerInfo{"glm4", kLlama3},
    PretokenizerInfo{"chatglm-bpe", kLlama3},
    PretokenizerInfo{"qwen2", kQwen2},
    PretokenizerInfo{"deepseek-r1-qwen", kQwen2},
    PretokenizerInfo{"stablelm2", kQwen2},
    PretokenizerInfo{"megrez", kQwen2},
    PretokenizerInfo{"qwen35", kQwen35},
    PretokenizerInfo{"starcoder", kStarcoder},
    PretokenizerInfo{"refact", kStarcoder},
    PretokenizerInfo{"smollm", kStarcoder},
    PretokenizerInfo{"codeshell", kStarcoder},
    PretokenizerInfo{"command-r", kStarcoder},
    PretokenizerInfo{"exaone", kStarcoder},
    PretokenizerInfo{"minerva-7b", kStarcoder},
    PretokenizerInfo{"tekken", kTekken, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"gpt-4o", kGpt4o},
    PretokenizerInfo{"llama4", kGpt4o},
    PretokenizerInfo{"falcon", kFalcon},
};

}  // namespace

const PretokenizerInfo* find_pretokenizer(std::string_view name) {
  if (name.empty()) name = "default";
  for (const PretokenizerInfo& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::string pretokenizer_names() {
  std::string names;
  for (const PretokenizerInfo& row : kRows) {
    if (!names.empty()) names += ", ";
    names += row.name;
  }
  return names;
}

}  // namespace sixfold::tokenizer
