// One function a rule, one token ahead.
#include "service/graphql/parser.h"

#include <fmt/format.h>

#include "service/graphql/lexer.h"

namespace sixfold::service::graphql {
namespace {

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Outcome<Document> document() {
    Document out;
    while (!error_ && !at_end()) definition(out);
    if (out.operations.empty() && out.fragments.empty()) fail("want an operation");
    if (error_) return *std::move(error_);
    return out;
  }

  Outcome<std::vector<TypeDefinition>> types() {
    std::vector<TypeDefinition> out;
    while (!error_ && !at_end()) out.push_back(type_definition());
    if (error_) return *std::move(error_);
    return out;
  }

 private:
  // Counts how deep the parser is; beyond the limit it fails, and every loop ends.
  class Deeper {
   public:
    explicit Deeper(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > kDepthMax) parser_.fail(fmt::format("nested deeper than {}", kDepthMax));
    }
    ~Deeper() { --parser_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Parser& parser_;
  };

  const Token& now() const { return tokens_[at_]; }
  bool at_end() const { return now().kind == Token::Kind::kEnd; }
  void advance() {
    if (!at_end()) ++at_;
  }
  void fail(std::string_view why) {
    if (error_) return;
    const std::string got = at_end() ? "the end" : "\"" + now().text.substr(0, 40) + "\"";
    error_ = error_at(now().where, fmt::format("Syntax Error: {}, got {}.", why, got));
  }
  bool is_sign(std::string_view text) const { return now().kind == Token::Kind::kSign && now().text == text; }
  bool is_word(std::string_view text) const { return now().kind == Token::Kind::kName && now().text == text; }
  bool take_sign(std::string_view text) {
    if (error_ || !is_sign(text)) return false;
    advance();
    return true;
  }
  void want_sign(std::string_view text) {
    if (!take_sign(text)) fail(fmt::format("want \"{}\"", text));
  }
  std::string name() {
    if (now().kind != Token::Kind::kName) {
      fail("want a name");
      return {};
    }
    std::string text = now().text;
    advance();
    return text;
  }

  void definition(Document& out) {
    if (is_word("fragment")) {
      out.fragments.push_back(fragment());
    } else if (is_sign("{") || is_word("query") || is_word("mutation") || is_word("subscription")) {
      out.operations.push_back(operation());
    } else {
      fail("want an operation or a fragment");
    }
  }

  Operation operation() {
    Operation out{
        .kind = "query", .name = {}, .variables = {}, .directives = {}, .selections = {}, .where = now().where};
    if (!is_sign("{")) {
      out.kind = name();
      out.name_where = now().where;
      if (now().kind == Token::Kind::kName) out.name = name();
      if (take_sign("(")) {
        do {
          out.variables.push_back(variable_definition());
        } while (!error_ && !is_sign(")"));
        want_sign(")");
      }
      out.directives = directives(false);
    }
    out.selections = selections();
    return out;
  }

  Fragment fragment() {
    Fragment out{.name = {}, .condition = {}, .directives = {}, .selections = {}, .where = now().where};
    advance();
    out.name_where = now().where;
    if (is_word("on")) fail("want the fragment's name");
    out.name = name();
    if (!is_word("on")) fail("want \"on\"");
    advance();
    out.condition_where = now().where;
    out.condition = name();
    out.directives = directives(false);
    out.selections = selections();
    return out;
  }

  VariableDefinition variable_definition() {
    VariableDefinition out{.name = {}, .type = {}, .default_value = {}, .directives = {}, .where = now().where};
    want_sign("$");
    out.name_where = now().where;
    out.name = name();
    want_sign(":");
    out.type = type();
    if (take_sign("=")) out.default_value = value(true);
    out.directives = directives(true);
    return out;
  }

  Type type() {
    const Deeper deeper(*this);
    Type out;
    if (error_) return out;
    if (take_sign("[")) {
      out.kind = Type::Kind::kList;
      out.of.push_back(type());
      want_sign("]");
    } else {
      out.where = now().where;
      out.name = name();
    }
    if (!take_sign("!")) return out;
    Type non_null;
    non_null.kind = Type::Kind::kNonNull;
    non_null.of.push_back(std::move(out));
    return non_null;
  }

  std::vector<Selection> selections() {
    const Deeper deeper(*this);
    std::vector<Selection> out;
    want_sign("{");
    do {
      if (!error_) out.push_back(selection());
    } while (!error_ && !is_sign("}"));
    want_sign("}");
    return out;
  }

  Selection selection() {
    Selection out;
    out.where = now().where;
    if (take_sign("...")) {
      if (now().kind == Token::Kind::kName && !is_word("on")) {
        out.kind = Selection::Kind::kSpread;
        out.selections_where = now().where;
        out.name = name();
        out.directives = directives(false);
        return out;
      }
      out.kind = Selection::Kind::kInline;
      if (is_word("on")) {
        advance();
        out.condition_where = now().where;
        out.condition = name();
      }
      out.directives = directives(false);
      out.selections = selections();
      return out;
    }
    out.name = name();
    if (take_sign(":")) out.alias = std::exchange(out.name, name());
    out.arguments = arguments(false);
    out.directives = directives(false);
    out.selections_where = now().where;
    if (is_sign("{")) out.selections = selections();
    return out;
  }

  std::vector<Argument> arguments(bool is_constant) {
    std::vector<Argument> out;
    if (!take_sign("(")) return out;
    do {
      Argument argument;
      argument.where = now().where;
      argument.name = name();
      want_sign(":");
      argument.value = value(is_constant);
      out.push_back(std::move(argument));
    } while (!error_ && !is_sign(")"));
    want_sign(")");
    return out;
  }

  std::vector<Directive> directives(bool is_constant) {
    std::vector<Directive> out;
    while (!error_ && is_sign("@")) {
      Directive directive;
      directive.where = now().where;
      advance();
      directive.name = name();
      directive.arguments = arguments(is_constant);
      out.push_back(std::move(directive));
    }
    return out;
  }

  Value value(bool is_constant) {
    const Deeper deeper(*this);
    Value out;
    out.where = now().where;
    if (error_) return out;
    const Token token = now();
    switch (token.kind) {
      case Token::Kind::kInt:
      case Token::Kind::kFloat:
      case Token::Kind::kString:
        out.kind = token.kind == Token::Kind::kInt     ? Value::Kind::kInt
                   : token.kind == Token::Kind::kFloat ? Value::Kind::kFloat
                                                       : Value::Kind::kString;
        out.text = token.text;
        advance();
        return out;
      case Token::Kind::kName:
        out.kind = token.text == "true" || token.text == "false" ? Value::Kind::kBoolean
                   : token.text == "null"                        ? Value::Kind::kNull
                                                                 : Value::Kind::kEnum;
        out.text = token.text;
        advance();
        return out;
      default:
        break;
    }
    if (is_constant && is_sign("$")) fail("want a constant, not a variable");
    if (take_sign("$")) {
      out.kind = Value::Kind::kVariable;
      out.text = name();
    } else if (take_sign("[")) {
      out.kind = Value::Kind::kList;
      while (!error_ && !is_sign("]")) out.list.push_back(value(is_constant));
      want_sign("]");
    } else if (take_sign("{")) {
      out.kind = Value::Kind::kObject;
      while (!error_ && !is_sign("}")) {
        const Location where = now().where;
        std::string key = name();
        want_sign(":");
        out.fields.push_back({std::move(key), value(is_constant), where});
      }
      want_sign("}");
    } else {
      fail("want a value");
    }
    return out;
  }

  // The schema language.
  std::string description() {
    if (now().kind != Token::Kind::kString) return {};
    std::string text = now().text;
    advance();
    return text;
  }

  InputDefinition input_definition() {
    InputDefinition out;
    out.description = description();
    out.name = name();
    want_sign(":");
    out.type = type();
    if (take_sign("=")) out.default_value = value(true);
    return out;
  }

  FieldDefinition field_definition() {
    FieldDefinition out;
    out.description = description();
    out.name = name();
    if (take_sign("(")) {
      do {
        out.arguments.push_back(input_definition());
      } while (!error_ && !is_sign(")"));
      want_sign(")");
    }
    want_sign(":");
    out.type = type();
    return out;
  }

  TypeDefinition type_definition() {
    TypeDefinition out;
    out.description = description();
    const std::string kind = name();
    out.name = name();
    if (kind == "scalar") return out;
    out.kind = kind == "type" ? TypeKind::kObject : kind == "enum" ? TypeKind::kEnum : TypeKind::kInput;
    if (out.kind == TypeKind::kInput && kind != "input") fail("want scalar, type, enum or input");
    want_sign("{");
    while (!error_ && !is_sign("}")) {
      if (out.kind == TypeKind::kObject) {
        out.fields.push_back(field_definition());
      } else if (out.kind == TypeKind::kInput) {
        out.inputs.push_back(input_definition());
      } else {
        EnumValue entry;
        entry.description = description();
        entry.name = name();
        out.values.push_back(std::move(entry));
      }
    }
    want_sign("}");
    return out;
  }

  const std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::optional<GraphqlError> error_;
};

Outcome<std::vector<Token>> tokens_of(std::string_view text) {
  if (text.size() > kQueryBytesMax) {
    return error_at({}, fmt::format("The document has {} bytes, want at most {}.", text.size(), kQueryBytesMax));
  }
  return read_tokens(text);
}

}  // namespace

Outcome<Document> parse_document(std::string_view text) {
  auto tokens = tokens_of(text);
  if (auto* error = std::get_if<GraphqlError>(&tokens)) return std::move(*error);
  return Parser(std::get<0>(std::move(tokens))).document();
}

Outcome<std::vector<TypeDefinition>> parse_types(std::string_view text) {
  auto tokens = tokens_of(text);
  if (auto* error = std::get_if<GraphqlError>(&tokens)) return std::move(*error);
  return Parser(std::get<0>(std::move(tokens))).types();
}

}  // namespace sixfold::service::graphql
