// Bounds on structured output.  Apart from limits.h because only grammars, and those who hand them on, need them, and a
// changed header compiles again whoever includes it: from limits.h that is nearly everything.
#pragma once
#include <cstddef>
#include <cstdint>

namespace sixfold::limits {

inline constexpr std::size_t kGrammarBytesMax = 4u << 20;     // of a grammar as text
inline constexpr std::size_t kGrammarRulesMax = 1u << 16;     // of one grammar
inline constexpr std::size_t kGrammarNodesMax = 1u << 18;     // of its automaton, repetitions written out
inline constexpr std::uint32_t kGrammarRepeatMax = 1u << 16;  // in {m,n}
inline constexpr std::size_t kGrammarDepthMax = 64;           // groups in one another
inline constexpr std::size_t kGrammarNestingMax = 1024;       // rules that wait for one another, while a text is read
inline constexpr std::size_t kGrammarStacksMax = 1u << 14;    // ways to read a text, at a time
inline constexpr std::size_t kMachineBytesMax = 16u << 20;    // of states and moves that are remembered
inline constexpr std::size_t kTriggersMax = 64;               // of one request
inline constexpr std::size_t kTriggerBytesMax = 256;          // of each
inline constexpr std::size_t kRegexBytesMax = 16u << 10;      // of a regular expression
inline constexpr std::size_t kDfaEdgesMax = 1u << 19;         // of all its states
inline constexpr std::size_t kDfaStatesMax = 1u << 14;        // of the automaton that it becomes
inline constexpr std::size_t kSchemaAlternativesMax = 512;    // of one schema, anyOf within allOf multiplied out
inline constexpr std::size_t kSchemaRulesMax = 1u << 13;      // of one JSON Schema
inline constexpr std::size_t kSchemaPropertiesMax = 4096;     // that one schema names or requires
inline constexpr std::size_t kSchemaWorkMax = 4'000'000;      // parts looked at: half a second at most
inline constexpr std::size_t kChoiceTextsMax = 4096;          // that an answer is chosen from
inline constexpr std::size_t kChoiceBytesMax = 64u << 10;     // of all of them
inline constexpr std::size_t kTokenMaskBytesMax = 8u << 20;   // of one rule's masks that are remembered
inline constexpr std::size_t kAlikeSetsMax = 4;               // sets of characters that one rule looks out for
inline constexpr std::size_t kAlikeBytesMax = 12u << 20;      // of the tokens that are kept for these
inline constexpr std::size_t kTokenRulesMax = 16;             // compiled rules that a model remembers

}  // namespace sixfold::limits
