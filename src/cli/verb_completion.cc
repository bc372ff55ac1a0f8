// sixfold completion: completion scripts for bash, zsh and fish, made from the flags that the program really has.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/verb.h"
#include "core/error.h"

namespace sixfold::cli {
namespace {

struct VerbWords {
  std::string name, summary;
  std::vector<std::string> flags;
};

std::vector<VerbWords> words_of(const CLI::App& program) {
  std::vector<VerbWords> verbs;
  for (const CLI::App* verb : program.get_subcommands([](const CLI::App*) { return true; })) {
    VerbWords words{verb->get_name(), verb->get_description(), {}};
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
  fmt::print("_sixfold() {{\n  local word=${{COMP_WORDS[COMP_CWORD]}} flags\n  case ${{COMP_WORDS[1]}} in\n");
  for (const VerbWords& verb : verbs) fmt::print("    {}) flags=\"{}\" ;;\n", verb.name, fmt::join(verb.flags, " "));
  fmt::print(
      "  esac\n  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W \"{}\" -- \"$word\"))\n"
      "  elif [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
      "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n}}\ncomplete -o filenames -F _sixfold sixfold\n",
      fmt::join(names_of(verbs), " "));
}

void print_zsh(const std::vector<VerbWords>& verbs) {
  fmt::print("#compdef sixfold\n_sixfold() {{\n  if (( CURRENT == 2 )); then\n    local -a verbs=(\n");
  for (const VerbWords& verb : verbs) fmt::print("      '{}:{}'\n", verb.name, verb.summary);
  fmt::print("    )\n    _describe command verbs\n    return\n  fi\n  case $words[2] in\n");
  for (const VerbWords& verb : verbs) {
    fmt::print("    {}) [[ $PREFIX == -* ]] && compadd -- {} || _files ;;\n", verb.name, fmt::join(verb.flags, " "));
  }
  fmt::print("  esac\n}}\ncompdef _sixfold sixfold\n");
}

void print_fish(const std::vector<VerbWords>& verbs) {
  for (const VerbWords& verb : verbs) {
    fmt::print("complete -c sixfold -n __fish_use_subcommand -a {} -d '{}'\n", verb.name, verb.summary);
    for (const std::string& flag : verb.flags) {
      fmt::print("complete -c sixfold -n '__fish_seen_subcommand_from {}' -l {}\n", verb.name, flag.substr(2));
    }
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
