// sixfold tokenize: text to ids, as JSON.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <string>

#include "cli/fetch.h"
#include "cli/read_input.h"
#include "cli/verb.h"
#include "model/model.h"
#include "registry/artifact.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::cli {
namespace {

struct TokenizeFlags {
  std::string source;
  FetchFlags fetch;
  std::string file;
  bool adds_no_special = false;
  bool parses_special = false;
  bool shows_pieces = false;
};

Status tokenize(const TokenizeFlags& flags) {
  SIXFOLD_TRY(const std::string source, fetch_model(flags.source, flags.fetch));
  SIXFOLD_TRY(const formats::Checkpoint checkpoint, registry::open_artifact(source));
  SIXFOLD_TRY(tokenizer::Vocabulary vocabulary, model::read_vocabulary(checkpoint));
  SIXFOLD_TRY(const auto tokenizer, tokenizer::make_tokenizer(std::move(vocabulary)));
  SIXFOLD_TRY(const std::string text, read_file_or_stdin(flags.file));
  SIXFOLD_TRY(const auto ids, tokenizer->encode(text, {.adds_special = !flags.adds_no_special,
                                                       .parses_special = flags.parses_special}));
  if (!flags.shows_pieces) {
    fmt::print("{}\n", boost::json::serialize(boost::json::value_from(ids)));
    return ok();
  }
  boost::json::array rows;
  for (const tokenizer::TokenId id : ids) {
    boost::json::array bytes;
    for (const char byte : tokenizer->piece(id, true)) bytes.emplace_back(static_cast<unsigned char>(byte));
    rows.push_back(boost::json::object{{"id", id}, {"bytes", std::move(bytes)}});
  }
  fmt::print("{}\n", boost::json::serialize(rows));
  return ok();
}

}  // namespace

VerbAction add_tokenize(CLI::App& program) {
  auto flags = std::make_shared<TokenizeFlags>();
  CLI::App* verb = program.add_subcommand("tokenize", "Print the token ids of a text as JSON");
  verb->add_option("model", flags->source, "File, name or source of a model; the built-in one when left out");
  verb->add_option("-f,--file", flags->file, "Text file; standard input when left out or \"-\"");
  verb->add_flag("--no-special", flags->adds_no_special, "Do not add begin- and end-of-text tokens");
  verb->add_flag("--parse-special", flags->parses_special, "Read special tokens written in the text");
  verb->add_flag("--pieces", flags->shows_pieces, "Print id and bytes of every token");
  add_offline_flag(*verb, flags->fetch);
  verb->footer(
      "Examples:\n  echo -n 'Hello' | sixfold tokenize model.gguf\n  sixfold tokenize model.gguf --file book.txt");
  return [flags] { return tokenize(*flags); };
}

}  // namespace sixfold::cli
