// sixfold completion: completion scripts for bash, zsh and fish, made from the flags that the program really has.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/verb.h"
#include "deploy/target_list.h"

namespace sixfold::cli {
namespace {

struct VerbWords {
  std::string name, summary;
  std::vector<std::string> flags;
  std::vector<std::string> arguments;  // what may stand there without a flag; empty: the names of files
};

// Verbs that deploy, which are those with --state, take the name of a target.
std::vector<std::string> arguments_of(const CLI::App& verb) {
  std::vector<std::string> names;
  if (verb.get_option_no_throw("--state") == nullptr) return names;
  for (const deploy::TargetRow& row : deploy::target_rows()) names.emplace_back(row.name);
  return names;
}

std::vector<VerbWords> words_of(const CLI::App& program) {
  std::vector<VerbWords> verbs;
  for (const CLI::App* verb : program.get_subcommands([](const CLI::App*) { return true; })) {
    VerbWords words{verb->get_name(), verb->get_description(), {}, arguments_of(*verb)};
    for (const CLI::Option* option : verb->get_options([](const CLI::Option*) { return true; })) {
      for (const std::string& name : option->get_lnames()) words.flags.push_back("--" + name);
    }
    verbs.push_back(std::move(words));
  }
  return verbs;
}

std::vector<std::string> names_of(const std::vector<VerbWords>& verbs) {
  std::vector<std::string> names;
  for (const VerbWords& verb : verbs) names.push_back(verb.name);
  return names;
}

void print_bash(const std::vector<VerbWords>& verbs) {
  fmt::print("_sixfold() {{\n  local word=${{COMP_WORDS[COMP_CWORD]}} flags names\n  case ${{COMP_WORDS[1]}} in\n");
  for (const VerbWords& verb : verbs) {
    fmt::print("    {}) flags=\"{}\" names=\"{}\" ;;\n", verb.name, fmt::join(verb.flags, " "),
               fmt::join(verb.arguments, " "));
  }
  fmt::print(
      "  esac\n  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W \"{}\" -- \"$word\"))\n"
      "  elif [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
      // Behind a flag there may be a file, which the flag wants.
      "  elif [[ -n $names && ${{COMP_WORDS[COMP_CWORD-1]}} == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$names\" -f -- \"$word\"))\n"
      "  elif [[ -n $names ]]; then COMPREPLY=($(compgen -W \"$names\" -- \"$word\"))\n"
      "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n}}\ncomplete -o filenames -F _sixfold sixfold\n",
      fmt::join(names_of(verbs), " "));
}

void print_zsh(const std::vector<VerbWords>& verbs) {
  fmt::print("#compdef sixfold\n_sixfold() {{\n  if (( CURRENT == 2 )); then\n    local -a verbs=(\n");
  for (const VerbWords& verb : verbs) fmt::print("      '{}:{}'\n", verb.name, verb.summary);
  fmt::print("    )\n    _describe command verbs\n    return\n  fi\n  case $words[2] in\n");
  for (const VerbWords& verb : verbs) {
    const std::string names =
        verb.arguments.empty() ? "" : fmt::format("{{ compadd -- {}; _files }}", fmt::join(verb.arguments, " "));
    fmt::print("    {}) [[ $PREFIX == -* ]] && compadd -- {} || {} ;;\n", verb.name, fmt::join(verb.flags, " "),
               names.empty() ? "_files" : names);
  }
  fmt::print("  esac\n}}\ncompdef _sixfold sixfold\n");
}

void print_fish(const std::vector<VerbWords>& verbs) {
  for (const VerbWords& verb : verbs) {
    fmt::print("complete -c sixfold -n __fish_use_subcommand -a {} -d '{}'\n", verb.name, verb.summary);
    for (const std::string& flag : verb.flags) {
      fmt::print("complete -c sixfold -n '__fish_seen_subcommand_from {}' -l {}\n", verb.name, flag.substr(2));
    }
    if (verb.arguments.empty()) continue;
    fmt::print("complete -c sixfold -n '__fish_seen_subcommand_from {}' -a '{}'\n", verb.name,
               fmt::join(verb.arguments, " "));
  }
}

Status print_completion(const CLI::App& program, const std::string& shell) {
  const std::vector<VerbWords> verbs = words_of(program);
  if (shell == "bash") {
    print_bash(verbs);
  } else if (shell == "zsh") {
    print_zsh(verbs);
  } else {
    print_fish(verbs);
  }
  return ok();
}

}  // namespace

VerbAction add_completion(CLI::App& program) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb = program.add_subcommand("completion", "Print a completion script for a shell");
  verb->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->footer("Example:\n  source <(sixfold completion bash)");
  return [&program, shell] { return print_completion(program, *shell); };
}

}  // namespace sixfold::cli
