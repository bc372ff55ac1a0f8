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

// The letters with case of some older Unicode, as huggingface.co/deepseek-ai/deepseek-llm-7b-base lists them.
#define SIXFOLD_DEEPSEEK_LETTERS                                                                              \
  R"([A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293}\x{295}-\x{2AF})"     \
  R"(\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A}\x{38C}\x{38E}-\x{3A1})"        \
  R"(\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556}\x{10A0}-\x{10C5}\x{13A0}-\x{13F5})"         \
  R"(\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77}\x{1D79}-\x{1D9A})" \
  R"(\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B})"  \
  R"(\x{1F5D}\x{1F5F}-\x{1F7D}\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC})"  \
  R"(\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC}\x{2102}\x{2107})"  \
  R"(\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124}\x{2126}\x{2128}\x{212A}-\x{212D}\x{212F}-\x{2134})"   \
  R"(\x{2139}\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4})"   \
  R"(\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F}\x{A771}-\x{A787})"  \
  R"(\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A})" \
  R"(\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2})"        \
  R"(\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}])"

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
// huggingface.co/deepseek-ai/deepseek-llm-7b-base
constexpr std::array kDeepseekLlm = {
    Pattern(R"([\r\n])"),
    Pattern(R"(\s?)" SIXFOLD_DEEPSEEK_LETTERS "+"),
    Pattern(R"(\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+)"),
    Pattern(R"(\s+$)"),
    Pattern(R"([\x{4E00}-\x{9FA5}\x{0800}-\x{4E00}\x{AC00}-\x{D7FF}]+)"),
    Pattern(R"(\p{N}+)")};
// huggingface.co/deepseek-ai/deepseek-coder-6.7b-base
constexpr std::array kDeepseekCoder = {Pattern(R"([\r\n])"), Pattern(R"(\s?\p{L}+)"), Pattern(R"(\s?\p{P}+)"),
                                       Pattern(R"([\x{4E00}-\x{9FA5}\x{0800}-\x{4E00}\x{AC00}-\x{D7FF}]+)"),
                                       Pattern(R"(\p{N})")};
// huggingface.co/deepseek-ai/DeepSeek-V3
constexpr std::array kDeepseekV3 = {
    Pattern(R"(\p{N}{1,3})"), Pattern(R"([\x{4E00}-\x{9FA5}\x{3040}-\x{309F}\x{30A0}-\x{30FF}]+)"),
    Pattern(R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|)"
            R"( ?[\p{P}\p{S}]+[\r\n]*|)" SIXFOLD_SPACES)};
// huggingface.co/bigscience/bloom
constexpr std::array kBloom = {Pattern(R"( ?[^(\s|.,!?\x{2026}\x{3002}\x{FF0C}\x{3001}\x{0964}\x{06D4}\x{060C})]+)")};
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
    PretokenizerInfo{"roberta-bpe", kGpt2},
    PretokenizerInfo{"modern-bert", kGpt2},
    PretokenizerInfo{"jina-v1-en", kGpt2},
    PretokenizerInfo{"jina-v2-es", kGpt2},
    PretokenizerInfo{"jina-v2-de", kGpt2},
    PretokenizerInfo{"jina-v2-code", kGpt2},
    PretokenizerInfo{"gigachat", kGpt2},
    PretokenizerInfo{"mellum", kGpt2},
    PretokenizerInfo{"trillion", kGpt2},
    PretokenizerInfo{"granite-docling", kGpt2},
    PretokenizerInfo{"llama-bpe", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"llama3", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"llama-v3", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"falcon3", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"pixtral", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"falcon-h1", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"midm-2.0", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"jina-v5-nano", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"lfm2", kLlama3, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"dbrx", kLlama3},
    PretokenizerInfo{"smaug-bpe", kLlama3},
    PretokenizerInfo{"glm4", kLlama3},
    PretokenizerInfo{"chatglm-bpe", kLlama3},
    PretokenizerInfo{"qwen2", kQwen2},
    PretokenizerInfo{"deepseek-r1-qwen", kQwen2},
    PretokenizerInfo{"stablelm2", kQwen2},
    PretokenizerInfo{"megrez", kQwen2},
    PretokenizerInfo{"hunyuan", kQwen2},
    PretokenizerInfo{"kormo", kQwen2},
    PretokenizerInfo{"f2llmv2", kQwen2},
    PretokenizerInfo{"grok-2", kQwen2},
    PretokenizerInfo{"solar-open", kQwen2},
    PretokenizerInfo{"qwen35", kQwen35},
    PretokenizerInfo{"starcoder", kStarcoder},
    PretokenizerInfo{"refact", kStarcoder},
    PretokenizerInfo{"smollm", kStarcoder},
    PretokenizerInfo{"codeshell", kStarcoder},
    PretokenizerInfo{"command-r", kStarcoder},
    PretokenizerInfo{"exaone", kStarcoder},
    PretokenizerInfo{"minerva-7b", kStarcoder},
    PretokenizerInfo{"mellum2", kStarcoder},
    PretokenizerInfo{"tekken", kTekken, kIgnoresMerges, kAddsBos},
    PretokenizerInfo{"gpt-4o", kGpt4o},
    PretokenizerInfo{"llama4", kGpt4o},
    PretokenizerInfo{"kanana2", kGpt4o},
    PretokenizerInfo{"minimax-m2", kGpt4o},
    PretokenizerInfo{"deepseek-llm", kDeepseekLlm},
    PretokenizerInfo{"deepseek-coder", kDeepseekCoder},
    PretokenizerInfo{"deepseek-v3", kDeepseekV3},
    PretokenizerInfo{"hunyuan-dense", kDeepseekV3},
    PretokenizerInfo{"bloom", kBloom},
    PretokenizerInfo{"gpt3-finnish", kBloom},
    PretokenizerInfo{"poro-chat", kBloom},
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
