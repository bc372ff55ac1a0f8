// An environment that a test makes up.
#pragma once
#include <map>
#include <memory>
#include <string>

namespace sixfold::registry {

// Copies share their variables, so that what a test sets later is seen by what holds one.
class SetEnvironment {
 public:
  void set(const std::string& name, const std::string& value) { (*values_)[name] = value; }
  std::string operator()(const std::string& name) const {
    const auto found = values_->find(name);
    return found == values_->end() ? "" : found->second;
  }

 private:
  std::shared_ptr<std::map<std::string, std::string>> values_ = std::make_shared<std::map<std::string, std::string>>();
};

}  // namespace sixfold::registry
